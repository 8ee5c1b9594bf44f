"""Dialogflow's design-time services over gRPC: entity types, intents, flows, and what takes long.

The rules are in tests.fakes.dialogflow_agent; this only carries messages to and fro.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import grpc
from google.cloud import dialogflowcx_v3 as cx
from google.longrunning import operations_pb2
from google.protobuf import any_pb2, empty_pb2

from tests.fakes.dialogflow_agent import AgentContent, Refused

PACKAGE = "google.cloud.dialogflow.cx.v3"
Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
Methods: TypeAlias = Mapping[str, tuple[Callable[[Any], Any], Any, Any]]
"""Name -> what answers, the kind of its request, and that of its response."""


class DesignServices:
    """Handlers for one agent's content. `before` is asked first and may abort the call."""

    def __init__(self, content: AgentContent, before: Callable[[Context], Awaitable[None]]) -> None:
        self._content = content
        self._before = before
        self.calls: list[str] = []
        """The method of every call, in order."""

    def handlers(self) -> tuple[grpc.GenericRpcHandler, ...]:
        """One for each service."""
        operations = {
            "GetOperation": (self._operation, operations_pb2.GetOperationRequest, operations_pb2.Operation)
        }
        return (
            self._service(f"{PACKAGE}.EntityTypes", self._entity_types()),
            self._service(f"{PACKAGE}.Intents", self._intents()),
            self._service(f"{PACKAGE}.Flows", self._flows()),
            self._service("google.longrunning.Operations", operations),
        )

    def _entity_types(self) -> Methods:
        content = self._content

        def create(asked: cx.CreateEntityTypeRequest) -> cx.EntityType:
            kind = "entityTypes"
            return content.create(
                content.entity_types, kind, asked.parent, asked.entity_type, asked.language_code
            )

        def update(asked: cx.UpdateEntityTypeRequest) -> cx.EntityType:
            paths = asked.update_mask.paths
            return content.update(content.entity_types, asked.entity_type, paths, asked.language_code)

        return {
            "ListEntityTypes": (
                self._list_entity_types,
                cx.ListEntityTypesRequest,
                cx.ListEntityTypesResponse,
            ),
            "CreateEntityType": (create, cx.CreateEntityTypeRequest, cx.EntityType),
            "UpdateEntityType": (update, cx.UpdateEntityTypeRequest, cx.EntityType),
        }

    def _intents(self) -> Methods:
        content = self._content

        def create(asked: cx.CreateIntentRequest) -> cx.Intent:
            return content.create(content.intents, "intents", asked.parent, asked.intent, asked.language_code)

        def update(asked: cx.UpdateIntentRequest) -> cx.Intent:
            return content.update(content.intents, asked.intent, asked.update_mask.paths, asked.language_code)

        return {
            "ListIntents": (self._list_intents, cx.ListIntentsRequest, cx.ListIntentsResponse),
            "CreateIntent": (create, cx.CreateIntentRequest, cx.Intent),
            "UpdateIntent": (update, cx.UpdateIntentRequest, cx.Intent),
        }

    def _flows(self) -> Methods:
        content = self._content

        def get(asked: cx.GetFlowRequest) -> cx.Flow:
            return content.get_flow(asked.name)

        def update(asked: cx.UpdateFlowRequest) -> cx.Flow:
            return content.update_flow(asked.flow, asked.update_mask.paths, asked.language_code)

        def train(asked: cx.TrainFlowRequest) -> operations_pb2.Operation:
            return operations_pb2.Operation(name=content.train(asked.name))

        return {
            "GetFlow": (get, cx.GetFlowRequest, cx.Flow),
            "UpdateFlow": (update, cx.UpdateFlowRequest, cx.Flow),
            "TrainFlow": (train, cx.TrainFlowRequest, operations_pb2.Operation),
        }

    def _service(self, name: str, methods: Methods) -> grpc.GenericRpcHandler:
        return grpc.method_handlers_generic_handler(
            name,
            {
                method: grpc.unary_unary_rpc_method_handler(
                    self._answering(method, answer),
                    request_deserializer=getattr(request, "deserialize", None) or request.FromString,
                    response_serializer=getattr(response, "serialize", None) or response.SerializeToString,
                )
                for method, (answer, request, response) in methods.items()
            },
        )

    def _answering(
        self, method: str, answer: Callable[[Any], Any]
    ) -> Callable[[Any, Context], Awaitable[Any]]:
        async def answering(request: Any, context: Context) -> Any:  # noqa: ANN401  # any message
            self.calls.append(method)
            await self._before(context)
            try:
                return answer(request)
            except Refused as refused:
                await context.abort(refused.code, refused.why)

        return answering

    def _list_entity_types(self, request: cx.ListEntityTypesRequest) -> cx.ListEntityTypesResponse:
        items, token = self._content.page(self._content.entity_types, request)
        return cx.ListEntityTypesResponse(entity_types=items, next_page_token=token)

    def _list_intents(self, request: cx.ListIntentsRequest) -> cx.ListIntentsResponse:
        items, token = self._content.page(self._content.intents, request)
        if request.intent_view == cx.IntentView.INTENT_VIEW_PARTIAL:
            for item in items:
                item.training_phrases = []
        return cx.ListIntentsResponse(intents=items, next_page_token=token)

    def _operation(self, request: operations_pb2.GetOperationRequest) -> operations_pb2.Operation:
        operation = operations_pb2.Operation(name=request.name, done=self._content.trained(request.name))
        if operation.done and self._content.training_error:
            operation.error.code = grpc.StatusCode.INTERNAL.value[0]
            operation.error.message = self._content.training_error
        elif operation.done:
            result = any_pb2.Any()
            result.Pack(empty_pb2.Empty())
            operation.response.CopyFrom(result)
        return operation
