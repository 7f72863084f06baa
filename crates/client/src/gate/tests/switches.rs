//! The site's switches.

use super::*;

pub(super) fn switch_rows() -> Vec<Row> {
    let all = Rules::default();
    let far = Rules { cross_province: false, ..all };
    vec![
        row("退费或撤销（2103、2208、2305）", "现场约定", scanned(), Exempt(Exemption::Reversal))
            .asking(ask(Settlement::Reversal, "100")),
        row("门诊核验已关闭", "现场约定", scanned(), Exempt(Exemption::SwitchedOff))
            .under(Rules { outpatient: false, ..all }),
        row("门诊核验已关闭，但这是住院结算", "现场约定", scanned(), Refuse(Reason::NoWay))
            .under(Rules { outpatient: false, ..all })
            .asking(ask(Settlement::Inpatient, "100")),
        row("药店核验已关闭", "现场约定", scanned(), Exempt(Exemption::SwitchedOff))
            .under(Rules { pharmacy: false, ..all })
            .asking(ask(Settlement::Pharmacy, "100")),
        row("挂号（2201）", "现场约定", scanned(), Refuse(Reason::NoWay))
            .asking(ask(Settlement::Registration, "100")),
        row("挂号核验已关闭", "现场约定", scanned(), Exempt(Exemption::SwitchedOff))
            .under(Rules { registration: false, ..all })
            .asking(ask(Settlement::Registration, "100")),
        row("本机构另列的结算（gate.more）", "现场约定", scanned(), Refuse(Reason::NoWay))
            .asking(ask(Settlement::Other, "100")),
        row("跨省参保人，本机构设为免核验", "现场约定", scanned().far(), Exempt(Exemption::CrossProvince))
            .under(far),
        row("跨省参保人，未设免核验", "现场约定", scanned().far(), Refuse(Reason::NoWay)),
        row("本省参保人，跨省免核验", "现场约定", scanned(), Refuse(Reason::NoWay)).under(far),
        row(
            "社会保障卡，本机构设为实体卡免核验",
            "1.6.2(8)A",
            came(Medium::SocialSecurityCard),
            Exempt(Exemption::Card),
        )
        .under(Rules { cards: false, ..all }),
        row("展码，本机构设为实体卡免核验", "1.6.2(8)B", scanned(), Refuse(Reason::NoWay))
            .under(Rules { cards: false, ..all }),
    ]
}
