"""What a Dialogflow CX agent holds, and how it is brought in line with flows/understanding.yaml.

It only ever adds and mends; what somebody else put into the agent is told and left alone.
"""
