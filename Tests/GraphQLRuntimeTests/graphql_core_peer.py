"""Parses and validates with graphql-core. One JSON object a line in, one a line out.

in:  {"schema": SDL}, answered with {}; then {"d": document, "p": the document as the other side prints it, or null}
out: {"syntax": [line, column]}, or
     {"draft": what the document has that October 2021 does not, "parses": whether October 2021 parses it or null}, or
     {"rules": {rule: [[[line, column], ...], ...]}, "same": whether both texts are the same document or null}
"""

import dataclasses
import json
import math
import re
import sys

from graphql import GraphQLSyntaxError, build_schema, parse, validate
from graphql.language import Visitor, print_ast, visit
from graphql.validation import specified_rules

NAMES = {
    "ExecutableDefinitionsRule": "executableDefinitions",
    "KnownOperationTypesRule": "operationTypeExistence",
    "UniqueOperationNamesRule": "operationNameUniqueness",
    "LoneAnonymousOperationRule": "loneAnonymousOperation",
    "SingleFieldSubscriptionsRule": "singleRootField",
    "KnownTypeNamesRule": "typeExistence",
    "FragmentsOnCompositeTypesRule": "fragmentsOnCompositeTypes",
    "VariablesAreInputTypesRule": "variablesAreInputTypes",
    "ScalarLeafsRule": "leafFieldSelections",
    "FieldsOnCorrectTypeRule": "fieldSelections",
    "UniqueFragmentNamesRule": "fragmentNameUniqueness",
    "KnownFragmentNamesRule": "fragmentSpreadTargetDefined",
    "NoUnusedFragmentsRule": "fragmentsMustBeUsed",
    "PossibleFragmentSpreadsRule": "fragmentSpreadIsPossible",
    "NoFragmentCyclesRule": "fragmentSpreadsMustNotFormCycles",
    "UniqueVariableNamesRule": "variableUniqueness",
    "NoUndefinedVariablesRule": "allVariableUsesDefined",
    "NoUnusedVariablesRule": "allVariablesUsed",
    "KnownDirectivesRule": "directivesAreDefined",
    "UniqueDirectivesPerLocationRule": "directivesAreUniquePerLocation",
    "KnownArgumentNamesRule": "argumentNames",
    "UniqueArgumentNamesRule": "argumentUniqueness",
    "ValuesOfCorrectTypeRule": "valuesOfCorrectType",
    "ProvidedRequiredArgumentsRule": "requiredArguments",
    "VariablesInAllowedPositionRule": "allVariableUsagesAreAllowed",
    "OverlappingFieldsCanBeMergedRule": "fieldSelectionMerging",
    "UniqueInputFieldNamesRule": "inputObjectFieldUniqueness",
}

found = {}


class NotingContext:
    """The context of a rule, which notes what the rule reports."""

    def __init__(self, name, context):
        self.name = name
        self.context = context

    def __getattr__(self, name):
        return getattr(self.context, name)

    def report_error(self, error):
        places = {(place.line, place.column) for place in error.locations or ()}
        found.setdefault(self.name, []).append(sorted(places))
        self.context.report_error(error)


def noting(rule):
    """The same rule with such a context."""

    class Noting(rule):
        def __init__(self, context):
            super().__init__(NotingContext(NAMES[rule.__name__], context))

    return Noting


RULES = [noting(rule) for rule in specified_rules if rule.__name__ in NAMES]
assert len(RULES) == len(NAMES)


class Draft(Visitor):
    """What is not in October 2021, and where graphql-core is known to differ."""

    def __init__(self, schema):
        super().__init__()
        self.directives = {directive.name for directive in schema.directives}
        self.found = None

    def enter_operation_definition(self, node, *_):
        if node.description:
            self.found = "description"

    enter_fragment_definition = enter_variable_definition = enter_operation_definition

    def enter_directive_definition(self, node, *_):
        if node.directives:
            self.found = "directives on directives"

    def enter_directive_extension(self, *_):
        self.found = "extended directives"

    def enter_directive(self, node, *_):
        # Their arguments are taken for those of the field that they stand at.
        if node.name.value not in self.directives and node.arguments:
            self.found = "arguments of an unknown directive"

    def enter_field(self, node, *_):
        # It has no type there, so that it merges with anything of another object.
        if node.alias and node.name.value == "__typename":
            self.found = "alias of __typename"

    def enter_float_value(self, node, *_):
        if not math.isfinite(float(node.value)):
            self.found = "infinite"

    def enter_int_value(self, node, *_):
        if len(node.value) > 300:
            self.found = "infinite"


class Unblocked(Visitor):
    """Block strings as others: graphql-core tells the two ways to write a string apart when fields are merged."""

    def enter_string_value(self, node, *_):
        return dataclasses.replace(node, block=False) if node.block else None


# What October 2021 has no syntax for; the rest of a draft only means something else there.
DRAFT_GRAMMAR = {"description", "directives on directives", "extended directives"}
DRAFT_SYNTAX = re.compile(r'"[\s,]*(query|mutation|subscription|fragment|\$|\{)|directive[\s,]*@|DIRECTIVE_DEF|FRAGMENT_VAR')


def answer(schema, text, printed):
    try:
        document = parse(text, allow_empty_selection_sets=False)
    except GraphQLSyntaxError as error:
        if DRAFT_SYNTAX.search(text):
            return {"draft": "syntax", "parses": False}
        place = error.locations[0]
        return {"syntax": [place.line, place.column]}
    if DRAFT_SYNTAX.search(text):
        return {"draft": "syntax"}
    document = visit(document, Unblocked())
    draft = Draft(schema)
    visit(document, draft)
    same = None
    if printed is not None:
        same = print_ast(parse(printed, allow_empty_selection_sets=False)) == print_ast(document)
    if draft.found:
        parses = None if draft.found in DRAFT_GRAMMAR else True
        return {"draft": draft.found, "parses": parses, "same": same}
    found.clear()
    validate(schema, document, RULES, max_errors=100_000)
    return {"rules": found, "same": same}


def main():
    schema = None
    for line in sys.stdin:
        request = json.loads(line)
        if "schema" in request:
            schema = build_schema(request["schema"])
            result = {}
        else:
            result = answer(schema, request["d"], request.get("p"))
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
