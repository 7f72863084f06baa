//! The dictionaries: certificate types (section 1.8.1) and the business types a QR code is decoded for.

/// 证件类型 (section 1.8.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct IdType(u8);

impl IdType {
    /// Code and meaning, as the specification prints them.
    pub const ALL: [(&'static str, &'static str); 19] = [
        ("01", "居民身份证（户口簿）"),
        ("02", "中国人民解放军军官证"),
        ("03", "中国人民武装警察警官证"),
        ("04", "香港特区护照/港澳居民来往内地通行证"),
        ("05", "澳门特区护照/港澳居民来往内地通行证"),
        ("06", "台湾居民来往大陆通行证"),
        ("07", "外国人永久居留证"),
        ("08", "外国人护照"),
        ("09", "残疾人证"),
        ("10", "军烈属证明"),
        ("11", "外国人就业证"),
        ("12", "外国专家证"),
        ("13", "外国人常驻记者证"),
        ("14", "台港澳人员就业证"),
        ("15", "回国（来华）定居专家证"),
        ("16", "中国护照"),
        ("17", "港澳台居民居住证"),
        ("90", "社会保障卡"),
        ("99", "其他身份证件"),
    ];

    /// The type of this code; nothing for a code that is not in the dictionary.
    pub fn new(code: &str) -> Option<Self> {
        let known = Self::ALL.iter().any(|(known, _)| *known == code);
        known.then(|| code.parse().ok().map(Self)).flatten()
    }

    /// The two digits.
    pub fn code(self) -> &'static str {
        self.entry().0
    }

    /// The meaning, in Chinese.
    pub fn meaning(self) -> &'static str {
        self.entry().1
    }

    fn entry(self) -> (&'static str, &'static str) {
        let found = Self::ALL.iter().find(|(code, _)| code.parse() == Ok(self.0));
        found.copied().unwrap_or(("99", "其他身份证件"))
    }
}

/// What is told whoever scans something else than a credential's code, in the words of the field.
pub const NOT_A_CREDENTIAL_CODE: &str = "请使用医保电子凭证二维码";

/// Whether a scanned text is the code of a credential: 28 digits that begin with 424. A code of another layout (`opc…`), a pay
/// code, the number of an identity card or of a drug is not.
pub fn is_credential_code(text: &str) -> bool {
    text.len() == 28 && text.starts_with("424") && text.bytes().all(|b| b.is_ascii_digit())
}

/// 用码业务类型, `businessType`: what a QR code is decoded for. Nearly everybody always sends `01101`, so nothing
/// but the spelling is ever decided by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct BusinessType(&'static str, &'static str);

impl BusinessType {
    /// Code and meaning.
    pub const ALL: [(&'static str, &'static str); 16] = [
        ("01101", "挂号"),
        ("01102", "住院建档"),
        ("01103", "入院登记"),
        ("01104", "缴纳预缴金"),
        ("01201", "问诊"),
        ("01202", "预约检查"),
        ("01203", "检查"),
        ("01204", "治疗"),
        ("01301", "结算"),
        ("01302", "取药"),
        ("01303", "取报告"),
        ("01304", "打印票据和清单"),
        ("01305", "病历材料复印"),
        ("02121", "药店购药"),
        ("02122", "下载外购处方"),
        ("03131", "医疗类APP线上身份认证"),
    ];

    /// 结算.
    pub const SETTLEMENT: Self = Self("01301", "结算");

    /// The type of this code; nothing for a code that is not in the dictionary (500156).
    pub fn new(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == code).map(|(code, meaning)| Self(code, meaning))
    }

    /// The five digits.
    pub const fn code(self) -> &'static str {
        self.0
    }

    /// The meaning, in Chinese.
    pub const fn meaning(self) -> &'static str {
        self.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_credentials_code_is_one() {
        assert!(is_credential_code("4243754826492874240001130000"));
        for other in [
            "opc3754826492874240001130000",
            "ano3754826492874240001130000",
            "134567890123456789",
            "350501199911173510",
            "81028340019283740192",
            "4243754826492874240001130",
            "1243754826492874240001130000",
            "",
        ] {
            assert!(!is_credential_code(other), "{other}");
        }
    }

    #[test]
    fn dictionaries_hold_their_codes_and_no_others() {
        for (code, meaning) in IdType::ALL {
            let id_type = IdType::new(code).expect("in the dictionary");
            assert_eq!((id_type.code(), id_type.meaning()), (code, meaning));
        }
        for (code, meaning) in BusinessType::ALL {
            let business = BusinessType::new(code).expect("in the dictionary");
            assert_eq!((business.code(), business.meaning()), (code, meaning));
        }
        assert_eq!(BusinessType::new("01301"), Some(BusinessType::SETTLEMENT));
        for bad in ["", "1", "18", "001", "+1", "0110", "甲"] {
            assert_eq!((IdType::new(bad), BusinessType::new(bad)), (None, None));
        }
    }
}
