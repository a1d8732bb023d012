//! CEL as API servers read it, on top of what the `cel` crate knows.

#![expect(clippy::disallowed_types, reason = "the evaluator's own maps are such")]

use std::{collections::HashMap, sync::Arc};

use kube_cel::{
    KubeCelExt as _,
    cel::{
        Context, ExecutionError, FunctionContext, IdedExpr, ResolveResult, Value as Cel,
        common::ast::{CallExpr, EntryExpr, Expr, LiteralValue, MapEntryExpr, MapExpr, operators},
        extractors::This,
        objects::Key,
        parser::Parser,
    },
};
use serde_json::{Map, Value};

/// An expression that could not be evaluated: its text, and what is wrong. Values do not show, and neither do the texts
/// in a policy that carries contents.
///
/// ```
/// use gmsa_admission::admission_policy::evaluation::Conditions;
/// use k8s_openapi::api::admissionregistration::v1::MatchCondition;
///
/// let condition = MatchCondition { name: "windows".into(), expression: "object.spec.os ==".into() };
/// let error = Conditions::new(&[condition]).err().ok_or("half an expression is none")?;
/// assert_eq!(error.expression(), "object.spec.os ==");
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expression `{expression}` resulted in error: {message}")]
pub struct EvaluationError {
    expression: String,
    message: String,
}

impl EvaluationError {
    fn new(expression: &str, message: impl Into<String>) -> Self {
        Self { expression: without_texts(expression), message: message.into() }
    }

    pub(super) fn no_index() -> Self {
        Self::new("params", "no params found for policy binding with `Deny` parameterNotFoundAction")
    }

    #[allow(dead_code, reason = "only mutating policies make patches, and Kubernetes has those since 1.36")]
    pub(super) fn no_patch() -> Self {
        Self::new("mutations", "the value is no patch of contents")
    }

    /// The text of the expression.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// What is wrong with it.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// The functions of API servers.
pub(super) fn context() -> Context<'static> {
    let mut context = Context::default().with_all();
    context.add_function("transformList", transform_list);
    context
}

/// An expression, parsed.
pub(super) struct Expression {
    text: String,
    parsed: IdedExpr,
}

impl Expression {
    pub(super) fn new(text: &str) -> Result<Self, EvaluationError> {
        let parsed = Parser::new().enable_optional_syntax(true).parse(text);
        // The parser's own message quotes the line.
        let mut parsed = parsed.map_err(|_| EvaluationError::new(text, "it is no CEL"))?;
        translate(&mut parsed);
        Ok(Self { text: text.to_owned(), parsed })
    }

    pub(super) fn value(&self, context: &Context<'_>) -> Result<Cel, EvaluationError> {
        Cel::resolve(&self.parsed, context).map_err(|error| {
            let message = match error {
                ExecutionError::NoSuchKey(key) => format!("no such key: {key}"),
                ExecutionError::UndeclaredReference(name) => format!("undeclared reference to `{name}`"),
                ExecutionError::FunctionError { function, .. } => format!("`{function}` failed"),
                // Others quote the value.
                _ => WRONG_TYPE.to_owned(),
            };
            EvaluationError::new(&self.text, message)
        })
    }

    pub(super) fn truth(&self, context: &Context<'_>) -> Result<bool, EvaluationError> {
        match self.value(context)? {
            Cel::Bool(truth) => Ok(truth),
            _ => Err(self.wrong_type()),
        }
    }

    pub(super) fn wrong_type(&self) -> EvaluationError {
        EvaluationError::new(&self.text, WRONG_TYPE)
    }
}

/// The expression with `...` for each string that is longer than a name in it.
fn without_texts(expression: &str) -> String {
    const LONGEST: usize = 63;
    let mut shown = String::new();
    let mut rest = expression;
    while let Some((before, quoted)) = rest.split_once(['\'', '"']) {
        shown.push_str(before);
        let quote = rest.get(before.len()..).and_then(|rest| rest.chars().next()).unwrap_or('"');
        let mut escaped = false;
        let end = quoted.find(|c| {
            let ends = c == quote && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let (text, after) = quoted.split_at_checked(end.unwrap_or(quoted.len())).unwrap_or((quoted, ""));
        shown.push(quote);
        shown.push_str(if text.len() > LONGEST { "..." } else { text });
        rest = match after.strip_prefix(quote) {
            Some(after) => {
                shown.push(quote);
                after
            }
            None => after,
        };
    }
    shown.push_str(rest);
    shown
}

const WRONG_TYPE: &str = "a value has the wrong type";

/// The name under which the context holds a policy's variable. No identifier in an expression has a dot in it.
pub(super) fn variable(name: &str) -> String {
    format!("variables.{name}")
}

pub(super) fn value(json: &Value) -> Cel {
    match json {
        Value::Null => Cel::Null,
        Value::Bool(truth) => Cel::Bool(*truth),
        Value::Number(number) => match number.as_i64() {
            Some(number) => Cel::Int(number),
            None => Cel::Float(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => Cel::from(text.as_str()),
        Value::Array(items) => Cel::from(items.iter().map(value).collect::<Vec<_>>()),
        Value::Object(members) => {
            let members: HashMap<String, Cel> =
                members.iter().map(|(key, member)| (key.clone(), value(member))).collect();
            Cel::from(members)
        }
    }
}

/// What a patch is made of; `None` for anything else.
#[allow(dead_code, reason = "only mutating policies make patches, and Kubernetes has those since 1.36")]
pub(super) fn json(value: &Cel) -> Option<Value> {
    match value {
        Cel::String(text) => Some(Value::from(text.as_str())),
        Cel::List(items) => items.iter().map(json).collect(),
        Cel::Map(map) => {
            let members = map.map.iter().map(|(key, member)| match key {
                Key::String(key) => Some((key.to_string(), json(member)?)),
                _ => None,
            });
            members.collect::<Option<Map<_, _>>>().map(Value::Object)
        }
        _ => None,
    }
}

/// Rewrites what the evaluator lacks or gets wrong:
///
/// - `a.?b` as `a[?'b']`: the former fails if `a` has no `b`;
/// - `variables.x` as a variable of that name, since nothing else can be absent for itself;
/// - `JSONPatch{op: x}` as `{'op': x}`, since there are no structs.
fn translate(expression: &mut IdedExpr) {
    match &mut expression.expr {
        Expr::Call(CallExpr { func_name, target, args }) => {
            if func_name == operators::OPT_SELECT {
                *func_name = operators::OPT_INDEX.to_owned();
            }
            target.iter_mut().for_each(|target| translate(target));
            args.iter_mut().for_each(translate);
        }
        Expr::Comprehension(comprehension) => {
            let parts = comprehension.as_mut();
            for part in [
                &mut parts.iter_range,
                &mut parts.accu_init,
                &mut parts.loop_cond,
                &mut parts.loop_step,
                &mut parts.result,
            ] {
                translate(part);
            }
        }
        Expr::List(list) => list.elements.iter_mut().for_each(translate),
        Expr::Map(map) => {
            for entry in &mut map.entries {
                if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                    translate(&mut entry.key);
                    translate(&mut entry.value);
                }
            }
        }
        Expr::Select(select) => match &select.operand.expr {
            Expr::Ident(name) if name == "variables" && !select.test => {
                expression.expr = Expr::Ident(variable(&select.field));
            }
            _ => translate(&mut select.operand),
        },
        Expr::Struct(object) => {
            let mut entries = std::mem::take(&mut object.entries);
            for entry in &mut entries {
                if let EntryExpr::StructField(field) = &mut entry.expr {
                    translate(&mut field.value);
                    let key = Expr::Literal(LiteralValue::String(field.field.as_str().into()));
                    entry.expr = EntryExpr::MapEntry(MapEntryExpr {
                        key: IdedExpr { id: entry.id, expr: key },
                        value: std::mem::take(&mut field.value),
                        optional: field.optional,
                    });
                }
            }
            expression.expr = Expr::Map(MapExpr { entries });
        }
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
    }
}

/// `list.transformList(index, item, condition, result)`, the only form that the policies have.
fn transform_list(call: &FunctionContext<'_, '_>, This(list): This<Arc<Vec<Cel>>>) -> ResolveResult {
    let [
        IdedExpr { expr: Expr::Ident(index), .. },
        IdedExpr { expr: Expr::Ident(item), .. },
        condition,
        result,
    ] = call.args
    else {
        return Err(call.error("two names, a condition and a result are expected"));
    };
    let mut results = Vec::new();
    for (number, value) in (0_i64..).zip(list.iter()) {
        let mut scope = call.ptx.new_inner_scope();
        scope.add_variable_from_value(index, number);
        scope.add_variable_from_value(item, value.clone());
        match scope.resolve(condition)? {
            Cel::Bool(true) => results.push(scope.resolve(result)?),
            Cel::Bool(false) => {}
            _ => return Err(call.error("the condition is not true or false")),
        }
    }
    Ok(Cel::from(results))
}
