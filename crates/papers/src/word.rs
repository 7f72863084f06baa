//! Members that are one of a few words.

/// Declares a closed list: documentation, name, and for each variant its documentation, its word in the file and its name in
/// Chinese.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $word:literal, $chinese:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum $name {
            $($(#[$inner])* $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in the file.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// What people read.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $chinese,)+ }
            }

            /// Reads the word; nothing for another.
            pub fn read(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.word() == word)
            }

            /// The words, for a refusal.
            pub(crate) const EXPECTED: &'static str = words!(@list $($word)+);
        }

        impl crate::written::Written for $name {
            fn text(&self) -> String {
                self.word().to_owned()
            }
        }
    };
    (@list $first:literal $($more:literal)*) => { concat!(" ", $first, $("、", $more,)* " 之一") };
}

words! {
    /// What a form is for.
    Stage {
        /// Joint debugging, at a test center or with an account for tests.
        Trial = "trial", "联调";
        /// Real persons and settlements.
        Live = "live", "正式";
    }
}

words! {
    /// A call an account may make (section 1.7).
    Interface {
        /// 1.7.1.
        Notify = "notify", "发起线上密码核验认证通知";
        /// 1.7.2.
        Status = "status", "查询线上密码核验认证状态";
        /// Password check.
        Password = "password", "密码核验";
        /// Decode.
        Decode = "decode", "解码";
    }
}

words! {
    /// How an account's key is written.
    KeyForm {
        /// 32 hexadecimal digits.
        Hex = "hex", "32 位十六进制";
        /// 16 ASCII characters.
        Ascii = "ascii", "16 个 ASCII 字符";
    }
}

words! {
    /// How an account's key came to the institution.
    Handover {
        /// By a link and a passcode.
        Link = "link", "链接与提取码";
        /// To an SM2 public key ([`crate::Offer`]).
        Sm2 = "sm2", "SM2 公钥";
        /// On paper, in two components.
        Components = "components", "两份密钥分量";
    }
}

words! {
    /// What an acceptance came to.
    Conclusion {
        /// Everything was as it has to be.
        Passed = "passed", "通过";
        /// Something has to be mended by a date.
        Conditional = "conditional", "有条件通过";
    }
}

words! {
    /// Which suite a run played.
    SuiteKind {
        /// Against the system of an institution.
        Institution = "institution", "定点医药机构信息系统";
        /// Against a channel app.
        Channel = "channel", "渠道应用";
    }
}

words! {
    /// What a run came to.
    RunConclusion {
        /// Every situation was played, and nothing was wrong.
        Passed = "passed", "通过";
        /// Something was wrong.
        Failed = "failed", "不通过";
        /// Nothing was wrong, and not everything was played.
        Incomplete = "incomplete", "未完成";
    }
}
