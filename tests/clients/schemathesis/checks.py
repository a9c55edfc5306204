"""A check of GraphQL: every error is a refusal with a code, and none is a fault of the service."""

import schemathesis

# Errors that a valid document can cause: values that the types of the schema do not exclude, such as a cursor of another
# list, a page of 1,000 rows or both `first` and `last`; costs; and fields for which the client has no scope.
REFUSALS = {"BAD_VARIABLES", "CONFLICT", "FORBIDDEN", "INVALID", "OPERATION_TOO_COMPLEX", "PURPOSE_REQUIRED", "RESYNC"}


@schemathesis.check
def errors_are_refusals(ctx, response, case):
    if not case.path.endswith("/graphql"):
        return
    answer = response.json()
    assert response.status_code == 200, f"status {response.status_code}: {answer}"
    is_valid = case.meta.generation.mode != schemathesis.GenerationMode.NEGATIVE
    refusals = REFUSALS if is_valid else REFUSALS | {"GRAPHQL_VALIDATION_FAILED"}
    for error in answer.get("errors", []):
        code = error.get("extensions", {}).get("code")
        assert code in refusals, f"{code}: {error['message']}"
    assert "data" in answer or answer.get("errors"), f"neither data nor errors: {answer}"
