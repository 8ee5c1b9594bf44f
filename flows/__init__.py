"""The booking vocabulary that flows.yaml may use. Never talks to the outside by itself."""
