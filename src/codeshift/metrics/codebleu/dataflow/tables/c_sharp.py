"""Data flow of C#."""

from codeshift.metrics.codebleu.dataflow.rules import FlowTable, rule, words

_FUNCTIONS = """method_declaration constructor_declaration destructor_declaration operator_declaration
conversion_operator_declaration local_function_statement accessor_declaration anonymous_method_expression
lambda_expression query_expression"""
_STRINGS = """string_literal verbatim_string_literal raw_string_literal interpolated_string_expression
character_literal"""
# In this grammar a type is an ``identifier`` too, so types are recognised by their place.
_SKIPPED = """generic_name qualified_name type_argument_list type_parameter_list using_directive base_list
attribute_list type_parameter_constraints_clause explicit_interface_specifier goto_statement typeof_expression
type_pattern"""
_NAMES = """method_declaration.name method_declaration.returns constructor_declaration.name destructor_declaration.name
local_function_statement.name local_function_statement.type class_declaration.name struct_declaration.name
interface_declaration.name enum_declaration.name record_declaration.name namespace_declaration.name
property_declaration.name property_declaration.type event_declaration.name enum_member_declaration.name
delegate_declaration.name delegate_declaration.type indexer_declaration.type operator_declaration.type
member_access_expression.name member_binding_expression.name argument.name parameter.type variable_declaration.type
declaration_pattern.type declaration_expression.type catch_declaration.type foreach_statement.type cast_expression.type
object_creation_expression.type array_type.type nullable_type.type ref_type.type pointer_type.type as_expression.right
is_expression.right default_expression.type recursive_pattern.type from_clause.type"""
_STEP = rule("step", **{"++": "plain", "--": "plain"})

TABLE = FlowTable(
    variables=words("identifier implicit_parameter"),
    literals=words("integer_literal real_literal boolean_literal null_literal"),
    names=words(_NAMES),
    calls=words("invocation_expression.function"),
    rules={
        "assignment_expression": rule("operate", left="target", right="value", **{"=": "plain"}),
        "variable_declarator": rule("assign", name="target", tuple_pattern="target"),
        "from_clause": rule("assign", name="target"),
        "let_clause": rule("assign", **{"0": "target", "1": "value"}),
        "parameter": rule("assign", name="target"),
        "prefix_unary_expression": _STEP,
        "postfix_unary_expression": _STEP,
        "if_statement": rule("branch", consequence="arm", alternative="else"),
        "conditional_expression": rule("branch", consequence="arm", alternative="else"),
        "switch_body": rule("branch", switch_section="arm"),
        "switch_expression": rule("branch", switch_expression_arm="arm"),
        "try_statement": rule("branch", catch_clause="arm"),
        "catch_declaration": rule("define"),
        "declaration_pattern": rule("define"),
        "declaration_expression": rule("define"),
        "while_statement": rule("loop"),
        "do_statement": rule("repeat"),
        "for_statement": rule("loop", initializer="before", update="after"),
        "foreach_statement": rule("foreach", left="target", right="value"),
        "parameter_list": rule("define"),
        "tuple_expression": rule("list"),
        "tuple_pattern": rule("list"),
        "element_access_expression": rule("part", expression="base"),
        "member_access_expression": rule("member", expression="object"),
        "labeled_statement": rule("labelled"),
        **dict.fromkeys(words(_FUNCTIONS), rule("scope", parameters="parameter", implicit_parameter="parameter")),
        **dict.fromkeys(words(_STRINGS), rule("literal")),
        **dict.fromkeys(words(_SKIPPED), rule("skip")),
    },
)
