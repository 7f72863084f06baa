//! The table of mistakes.

/// A mistake of the field. Each row has a test with the output of a library that people make it with.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mistake {
    // How the bytes are written.
    /// White space within.
    Spaced,
    /// `AB-CD-…`, or another mark between the bytes.
    Separated,
    /// Quotes around.
    Quoted,
    /// `0x` in front.
    Prefixed,
    /// `%2B` for `+`.
    PercentEncoded,
    /// Spaces where a form reader found `+`.
    PlusLost,
    /// Numbers in brackets: `[18, -5, …]`.
    Decimals,
    /// Base64.
    Base64,
    /// Base64 with `-` and `_`.
    Base64Url,
    /// Base64 of Base64.
    Base64Twice,
    /// Base64 of hexadecimal.
    Base64OfHex,
    /// Hexadecimal of hexadecimal.
    HexTwice,
    /// Hexadecimal of Base64.
    HexOfBase64,
    /// The bytes as characters of Latin-1, those in UTF-8.
    Latin1,
    /// The bytes were taken for UTF-8; nothing can be undone.
    Damaged,
    // What they are enciphered with.
    /// The digits of the key as characters.
    HexKeyAsText,
    /// The characters of the key as digits.
    TextKeyAsHex,
    /// Half of the key.
    HalfKey,
    /// The MD5 of the key.
    Md5Key,
    /// Java's `SHA1PRNG` with the key for a seed.
    Sha1PrngKey,
    /// The digits of the key as Base64.
    Base64Key,
    /// The key from back to front.
    ReversedKey,
    /// AES.
    Aes,
    /// CBC from zeros.
    CbcZero,
    /// CBC from the key.
    CbcKey,
    /// CBC from a vector that stands in front.
    CbcFront,
    /// CBC from a vector of their own.
    CbcUnknown,
    /// Enciphered twice.
    Double,
    // How the last block is filled up.
    /// Zeros.
    ZeroPadding,
    /// 80 00 00 …
    Iso7816,
    /// 00 00 … n
    X923,
    /// Noise and n.
    Iso10126,
    /// Spaces.
    SpacePadding,
    /// Not at all, although the message fills its blocks.
    NoPadding,
    /// The last block is missing.
    LastBlockMissing,
    /// It was cut within a block.
    Cut,
    // What stands inside.
    /// A byte-order mark in front.
    ByteOrderMark,
    /// GBK.
    Gbk,
    /// UTF-16.
    Utf16,
    /// Surrogates in UTF-8, as Java writes its class files and Oracle its tables.
    Cesu8,
    /// JSON in a JSON string.
    JsonTwice,
    /// Backslashes before the quotes.
    Escaped,
    /// `%7B%22…`
    UrlEncoded,
    /// `&quot;`
    HtmlEscaped,
    /// Python's way to print.
    SingleQuotes,
    /// `a=1&b=2`
    Form,
    /// XML.
    Xml,
    /// The whole envelope.
    WholeEnvelope,
}

impl Mistake {
    /// All of them with their names, which are stored and therefore never change.
    pub const NAMES: [(Self, &'static str); 48] = [
        (Self::Spaced, "spaced"),
        (Self::Separated, "separated"),
        (Self::Quoted, "quoted"),
        (Self::Prefixed, "prefixed"),
        (Self::PercentEncoded, "percent-encoded"),
        (Self::PlusLost, "plus-lost"),
        (Self::Decimals, "decimals"),
        (Self::Base64, "base64"),
        (Self::Base64Url, "base64-url"),
        (Self::Base64Twice, "base64-twice"),
        (Self::Base64OfHex, "base64-of-hex"),
        (Self::HexTwice, "hex-twice"),
        (Self::HexOfBase64, "hex-of-base64"),
        (Self::Latin1, "latin1"),
        (Self::Damaged, "damaged"),
        (Self::HexKeyAsText, "hex-key-as-text"),
        (Self::TextKeyAsHex, "text-key-as-hex"),
        (Self::HalfKey, "half-key"),
        (Self::Md5Key, "md5-key"),
        (Self::Sha1PrngKey, "sha1-prng-key"),
        (Self::Base64Key, "base64-key"),
        (Self::ReversedKey, "reversed-key"),
        (Self::Aes, "aes"),
        (Self::CbcZero, "cbc-zero"),
        (Self::CbcKey, "cbc-key"),
        (Self::CbcFront, "cbc-front"),
        (Self::CbcUnknown, "cbc-unknown"),
        (Self::Double, "double"),
        (Self::ZeroPadding, "zero-padding"),
        (Self::Iso7816, "iso7816"),
        (Self::X923, "x923"),
        (Self::Iso10126, "iso10126"),
        (Self::SpacePadding, "space-padding"),
        (Self::NoPadding, "no-padding"),
        (Self::LastBlockMissing, "last-block-missing"),
        (Self::Cut, "cut"),
        (Self::ByteOrderMark, "byte-order-mark"),
        (Self::Gbk, "gbk"),
        (Self::Utf16, "utf16"),
        (Self::Cesu8, "cesu8"),
        (Self::JsonTwice, "json-twice"),
        (Self::Escaped, "escaped"),
        (Self::UrlEncoded, "url-encoded"),
        (Self::HtmlEscaped, "html-escaped"),
        (Self::SingleQuotes, "single-quotes"),
        (Self::Form, "form"),
        (Self::Xml, "xml"),
        (Self::WholeEnvelope, "whole-envelope"),
    ];

    /// Its name, for what says nothing of the message.
    pub fn word(self) -> &'static str {
        // Every mistake is in the table; a test counts them.
        Self::NAMES.iter().find(|(known, _)| *known == self).map_or("", |(_, word)| word)
    }

    /// The mistake of a name.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == word).map(|(mistake, _)| *mistake)
    }

    /// What it is and what to do, one Chinese sentence.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Spaced => "encData 中夹有换行或空格：去掉。",
            Self::Separated => {
                "encData 的字节之间夹有分隔符（如 BitConverter.ToString 的“-”）：应为连续的大写十六进制。"
            }
            Self::Quoted => "encData 的值里多了一层引号：去掉引号。",
            Self::Prefixed => "encData 带有 0x 前缀：去掉。",
            Self::PercentEncoded => "encData 作了 URL 编码（%2B、%3D 等）：报文是 JSON，不作 URL 编码。",
            Self::PlusLost => "encData 里的“+”变成了空格：报文被当作表单传送过；应直接以 JSON 为报文体。",
            Self::Decimals => "encData 是一串十进制字节（如 Arrays.toString）：应为大写十六进制。",
            Self::Base64 => "encData 是 Base64 编码：应为大写十六进制。",
            Self::Base64Url => "encData 是 Base64URL 编码（含“-”“_”）：应为大写十六进制。",
            Self::Base64Twice => "encData 被 Base64 编码了两次：应为大写十六进制。",
            Self::Base64OfHex => "encData 是十六进制之后又作了 Base64 编码：去掉 Base64。",
            Self::HexTwice => "encData 被转成了两次十六进制：只转一次。",
            Self::HexOfBase64 => "encData 是 Base64 之后又转成十六进制：应直接把密文转成十六进制。",
            Self::Latin1 => {
                "密文字节被当作 ISO-8859-1 文本、又按 UTF-8 取了字节：应直接把密文字节转成十六进制。"
            }
            Self::Damaged => {
                "密文字节被当作文本转换过（如 new String(字节)），字节已经丢失，无法还原：应直接把密文字节转成十六进制。"
            }
            Self::HexKeyAsText => {
                "对方把十六进制密钥当作文本使用（取了前 16 个或全部 32 个字符）：应先转成 16 字节。"
            }
            Self::TextKeyAsHex => "对方把 ASCII 密钥当作十六进制使用：应直接取 16 个字符的字节。",
            Self::HalfKey => "对方只用了密钥的一半：应使用全部 16 字节。",
            Self::Md5Key => "对方用密钥的 MD5 作密钥：应直接使用密钥的 16 字节。",
            Self::Sha1PrngKey => {
                "对方用密钥作种子生成密钥（Java 的 SHA1PRNG 与 KeyGenerator）：应直接使用密钥的 16 字节。"
            }
            Self::Base64Key => "对方把密钥文本按 Base64 解码：密钥是十六进制，应转成 16 字节。",
            Self::ReversedKey => "对方把密钥的字节顺序颠倒了：应从左到右转成 16 字节。",
            Self::Aes => "算法用了 AES：应为 SM4。",
            Self::CbcZero => "加密模式用了 CBC（零向量）：应为 ECB。",
            Self::CbcKey => "加密模式用了 CBC（以密钥为初始向量）：应为 ECB。",
            Self::CbcFront => "加密模式用了 CBC（初始向量放在密文前面）：应为 ECB，没有初始向量。",
            Self::CbcUnknown => {
                "加密模式用了 CBC（自定的初始向量，第一块无法还原）：应为 ECB，没有初始向量。"
            }
            Self::Double => "报文被加密了两次：只加密一次。",
            Self::ZeroPadding => "填充用了零填充（ZeroPadding）：应为 PKCS7。",
            Self::Iso7816 => "填充用了 ISO 7816-4（80 00 …）：应为 PKCS7。",
            Self::X923 => "填充用了 ANSI X9.23（00 … n）：应为 PKCS7。",
            Self::Iso10126 => "填充用了 ISO 10126，或 BouncyCastle 的 X9.23（随机字节 … n）：应为 PKCS7。",
            Self::SpacePadding => "填充用了空格：应为 PKCS7。",
            Self::NoPadding => "没有填充（NoPadding）：明文恰好是整块时，PKCS7 也要再填充一整块。",
            Self::LastBlockMissing => {
                "密文缺少最后一块：加密时多半漏掉了最后的填充块（doFinal），或传送时被截断。"
            }
            Self::Cut => "密文被截断：长度不是整块，但开头可以解密。检查字段长度或打印截断。",
            Self::ByteOrderMark => "明文以 BOM（U+FEFF）开头：去掉 BOM 再加密。",
            Self::Gbk => "明文是 GBK 编码：加密前把报文转成 UTF-8。",
            Self::Utf16 => "明文是 UTF-16 编码（.NET 的 Encoding.Unicode）：加密前把报文转成 UTF-8。",
            Self::Cesu8 => {
                "明文是 CESU-8 编码（生僻字、表情拆成了两个代理字符）：加密前把报文转成标准的 UTF-8。"
            }
            Self::JsonTwice => {
                "明文是一个带引号的字符串：报文被转成了两次 JSON，应直接加密 JSON 对象的文本。"
            }
            Self::Escaped => "明文里的引号前多了反斜杠：报文被转义了两次，应直接加密 JSON 对象的文本。",
            Self::UrlEncoded => "明文作了 URL 编码（%7B%22…）：应直接加密 JSON 文本。",
            Self::HtmlEscaped => "明文里的引号成了 &quot;：报文被当作 HTML 转义过，应直接加密 JSON 文本。",
            Self::SingleQuotes => "明文用了单引号（如 Python 的 str(字典)）：应为 JSON（json.dumps）。",
            Self::Form => "明文是表单（a=1&b=2）：应为 JSON 对象。",
            Self::Xml => "明文是 XML：应为 JSON 对象。",
            Self::WholeEnvelope => "加密的是整个报文：只加密业务参数的 JSON，结果放入 encData。",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_mistake_has_a_name_of_its_own() {
        for (at, (mistake, word)) in Mistake::NAMES.iter().enumerate() {
            assert_eq!(*mistake as usize, at, "{word}");
            assert_eq!((mistake.word(), Mistake::of_word(word)), (*word, Some(*mistake)));
        }
        assert_eq!(Mistake::WholeEnvelope as usize + 1, Mistake::NAMES.len(), "the last one");
        let words: BTreeSet<&str> = Mistake::NAMES.iter().map(|(_, word)| *word).collect();
        assert_eq!(words.len(), Mistake::NAMES.len());
        assert!(words.iter().all(|word| !word.contains('+') && word.len() <= 40));
    }

    #[test]
    fn a_name_says_what_to_do() {
        let told = crate::advice("aes+zero-padding").expect("two names");
        assert!(told.contains("SM4") && told.contains("PKCS7"), "{told}");
        for known in [crate::ANOTHER_KEY, crate::NOT_AN_OBJECT] {
            assert!(crate::advice(known).is_some());
        }
        assert_eq!(crate::advice("aes+nothing"), None);
    }
}
