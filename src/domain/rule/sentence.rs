//! Messages of checks: the rule with its legal basis, and a remedy; nothing about a person's age or retirement.

use entity::{rule, rule_override, value::RuleKey};

use crate::{
    domain::rule::verdict::{Fact, Verdict},
    language::Sentence,
};

/// No rule of the key applies to the rotation on its start day.
pub(super) fn none_in_force(key: RuleKey) -> Sentence {
    let (vi, en) = match key {
        RuleKey::MinTerm => ("thời hạn luân chuyển tối thiểu", "the minimum term of a rotation"),
        RuleKey::MinRemainingService => ("thời gian công tác còn lại", "the remaining service until retirement"),
        RuleKey::RequiresPlanningEntry => ("yêu cầu trong quy hoạch", "the requirement of a planning entry"),
        RuleKey::MaxSecondmentTerm => ("thời hạn biệt phái tối đa", "the maximum term of a secondment"),
    };
    Sentence::new(
        format!("Vào ngày bắt đầu không có quy định nào về {vi} có hiệu lực đối với trường hợp này."),
        format!("No rule on {en} applies to this case on the start day."),
    )
}

/// The rule sets no requirement for the rotation.
pub(super) fn no_requirement(rule: &rule::Model) -> Sentence {
    with_legal_basis(
        rule,
        &Sentence::new("không đặt ra yêu cầu đối với trường hợp này.", "the rule has no requirement in this case."),
    )
}

/// A fact is missing or cannot be derived.
pub(super) fn lacks(rule: &rule::Model, fact: Fact) -> Sentence {
    let (vi, en) = match fact {
        Fact::End => (
            "chưa có ngày kết thúc theo kế hoạch hoặc thực tế; cần ghi nhận ngày đó để đối chiếu.",
            "neither a planned nor an actual end is recorded; record one, so that the rule can be checked.",
        ),
        Fact::DestinationTitle => (
            "thời hạn tính theo một chức danh nhưng chưa có chức danh nơi đến; cần ghi nhận chức danh đó để đối chiếu.",
            "the term is counted per title, but the title at the destination is not recorded; record it, so that the \
             rule can be checked.",
        ),
        Fact::Retirement => (
            "hồ sơ thiếu dữ liệu để xác định thời gian công tác còn lại; cần bổ sung ngày sinh để đối chiếu.",
            "the file lacks the data from which the remaining service is computed; add the day of birth, so that the \
             rule can be checked.",
        ),
        Fact::PlanningEntry => (
            "dữ liệu lịch sử không nêu quy hoạch; cần ghi nhận văn bản và thời hạn quy hoạch để đối chiếu.",
            "the imported history contains no planning entry; record its document and days, so that the rule can be \
             checked.",
        ),
        Fact::Deadline => (
            "không tính được thời hạn từ ngày bắt đầu; cần kiểm tra ngày bắt đầu và giá trị của quy định.",
            "the end of the term cannot be computed; check the start day and the value of the rule.",
        ),
    };
    with_legal_basis(rule, &Sentence::new(vi, en))
}

/// The rule depends on the day of birth, which is not open to the caller.
pub(super) fn withheld(rule: &rule::Model) -> Sentence {
    with_legal_basis(
        rule,
        &Sentence::new(
            "kết quả được suy ra từ ngày sinh nên không hiển thị; cần có quyền cadre.identity:read, mục đích trong tiêu \
             đề X-Purpose, và hồ sơ của người này phải thuộc phạm vi được cấp.",
            "the result is derived from the day of birth and is not shown; it requires the scope cadre.identity:read, a \
             purpose in the header X-Purpose, and the person's file within your reach.",
        ),
    )
}

/// The rotation complies with the rule.
pub(super) fn complies(rule: &rule::Model) -> Sentence {
    let sentence = compliance(rule);
    with_legal_basis(rule, &Sentence::new(format!("{}.", sentence.vi), format!("{}.", sentence.en)))
}

/// The rotation violates the rule; includes a remedy.
pub(super) fn violated(rule: &rule::Model, overridden: Option<&rule_override::Model>) -> Sentence {
    let sentence = violation(rule);
    if overridden.is_some() {
        let vi = format!("{}; đã có ngoại lệ được cho phép.", sentence.vi);
        return with_legal_basis(rule, &Sentence::new(vi, format!("{}; an override was granted.", sentence.en)));
    }
    let (vi, en) = match rule.key {
        RuleKey::MinTerm => ("lùi ngày kết thúc", "choose a later end"),
        RuleKey::MinRemainingService => ("chọn người khác", "propose another person"),
        RuleKey::RequiresPlanningEntry => {
            ("ghi nhận quy hoạch có hiệu lực vào ngày đó", "record a planning entry that is valid on that day")
        }
        RuleKey::MaxSecondmentTerm => ("chọn ngày kết thúc sớm hơn", "choose an earlier end"),
    };
    let exception = (
        "hoặc ghi nhận ngoại lệ, nêu lý do và cơ quan cho phép",
        "or record an override with its reason and the authority that granted it",
    );
    let vi = format!("{}; {vi} {}.", sentence.vi, exception.0);
    with_legal_basis(rule, &Sentence::new(vi, format!("{}; {en}, {}.", sentence.en, exception.1)))
}

/// Provisional result, because the rule's value or the retirement age was not compared with its instrument.
pub(super) fn unverified(rule: &rule::Model, verdict: Verdict) -> Sentence {
    let sentence = if verdict == Verdict::Holds { compliance(rule) } else { violation(rule) };
    let vi =
        "có giá trị chưa được đối chiếu với văn bản gốc nên chưa kết luận đạt hay không đạt; nếu đúng như đã ghi thì";
    let en = "a value has not been compared with the text of its legal instrument, so the check neither passes nor \
              fails; if the recorded values are right,";
    with_legal_basis(rule, &Sentence::new(format!("{vi} {}.", sentence.vi), format!("{en} {}.", sentence.en)))
}

fn compliance(rule: &rule::Model) -> Sentence {
    let value = rule.value;
    match rule.key {
        RuleKey::MinTerm => Sentence::new(
            format!("thời hạn luân chuyển đạt mức tối thiểu {value} tháng"),
            format!("the term reaches the minimum of {value} months"),
        ),
        RuleKey::MinRemainingService => Sentence::new(
            format!("thời gian công tác còn lại tính từ ngày bắt đầu đạt mức tối thiểu {value} tháng"),
            format!("the remaining service on the start day reaches the minimum of {value} months"),
        ),
        RuleKey::RequiresPlanningEntry => {
            Sentence::new("quy hoạch có hiệu lực vào ngày bắt đầu", "a planning entry is valid on the start day")
        }
        RuleKey::MaxSecondmentTerm => Sentence::new(
            format!("thời hạn biệt phái không quá {value} tháng"),
            format!("the secondment is not longer than {value} months"),
        ),
    }
}

fn violation(rule: &rule::Model) -> Sentence {
    let value = rule.value;
    match rule.key {
        RuleKey::MinTerm => Sentence::new(
            format!("thời hạn luân chuyển ngắn hơn mức tối thiểu {value} tháng"),
            format!("the term is shorter than the minimum of {value} months"),
        ),
        RuleKey::MinRemainingService => Sentence::new(
            format!("thời gian công tác còn lại tính từ ngày bắt đầu không đạt mức tối thiểu {value} tháng"),
            format!("the remaining service on the start day is less than the minimum of {value} months"),
        ),
        RuleKey::RequiresPlanningEntry => Sentence::new(
            "không có quy hoạch có hiệu lực vào ngày bắt đầu",
            "no planning entry is valid on the start day",
        ),
        RuleKey::MaxSecondmentTerm => Sentence::new(
            format!("thời hạn biệt phái vượt mức tối đa {value} tháng"),
            format!("the secondment is longer than the maximum of {value} months"),
        ),
    }
}

/// Prefixes a message with the legal basis of its rule.
fn with_legal_basis(rule: &rule::Model, sentence: &Sentence) -> Sentence {
    let law = &rule.legal_basis;
    Sentence::new(format!("{law}: {}", sentence.vi), format!("{law}: {}", sentence.en))
}
