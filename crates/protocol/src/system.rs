//! What the operating system says, in Chinese: one table for every program of the project.

use std::borrow::Cow;
use std::error::Error as Failure;
use std::io::{Error, ErrorKind};

/// Too many files are open in this process, which has no kind of its own.
const EMFILE: i32 = 24;

/// An error of the operating system in the words of the person who reads the message, with its number for whoever looks it up.
/// What is not in the table, and what programs made up themselves, is left as it is.
pub fn words(error: &Error) -> Cow<'static, str> {
    let Some(number) = error.raw_os_error() else {
        // A kind without a number and without words of its own.
        let bare = error.get_ref().is_none();
        return match kind_words(error.kind()) {
            Some(words) if bare => Cow::Borrowed(words),
            _ => Cow::Owned(error.to_string()),
        };
    };
    let words = if number == EMFILE && cfg!(unix) {
        Some("本进程打开的文件过多")
    } else {
        kind_words(error.kind())
    };
    Cow::Owned(words.map_or_else(|| error.to_string(), |words| format!("{words}（系统错误 {number}）")))
}

/// What was being done, and the error with its causes, in one line for the person who reads the message.
pub fn because(what: &str, error: &(dyn Failure + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| <dyn Failure>::source(*error));
    let texts = causes.filter_map(|cause| match cause.downcast_ref::<Error>() {
        Some(system) => Some(words(system).into_owned()),
        None => own_words(cause),
    });
    texts.fold(what.to_owned(), |text, cause| format!("{text}：{cause}"))
}

/// What an error says beyond its cause. Libraries repeat the cause behind their own, English words, which say nothing then.
fn own_words(error: &(dyn Failure + 'static)) -> Option<String> {
    let text = error.to_string();
    let cause = error.source().map(ToString::to_string);
    let repeated = cause.is_some_and(|cause| text.ends_with(&cause));
    (!(repeated && text.is_ascii())).then_some(text)
}

const fn kind_words(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::NotFound => "文件或文件夹不存在",
        ErrorKind::PermissionDenied => "没有权限",
        ErrorKind::AlreadyExists => "已经存在",
        ErrorKind::IsADirectory => "是文件夹，不是文件",
        ErrorKind::NotADirectory => "路径中的一段不是文件夹",
        ErrorKind::DirectoryNotEmpty => "文件夹不是空的",
        ErrorKind::StorageFull => "磁盘已满",
        ErrorKind::QuotaExceeded => "超过磁盘配额",
        ErrorKind::ReadOnlyFilesystem => "文件系统是只读的",
        ErrorKind::FileTooLarge => "文件过大",
        ErrorKind::ResourceBusy => "正被占用",
        ErrorKind::AddrInUse => "地址已被其他程序占用",
        ErrorKind::AddrNotAvailable => "本机没有这个地址",
        ErrorKind::ConnectionRefused => "对方拒绝连接（该地址没有程序在监听）",
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => "连接被对方中断",
        ErrorKind::HostUnreachable => "主机不可达",
        ErrorKind::NetworkUnreachable => "网络不可达",
        ErrorKind::NetworkDown => "网络已断开",
        ErrorKind::TimedOut => "超时",
        ErrorKind::UnexpectedEof => "内容提前结束",
        ErrorKind::InvalidData => "内容不是 UTF-8 文本，或格式有误",
        ErrorKind::OutOfMemory => "内存不足",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_told_in_chinese() {
        let missing = std::fs::read("/no/such/file").expect_err("missing");
        assert_eq!(words(&missing), "文件或文件夹不存在（系统错误 2）");
        let folder = std::fs::read("/").expect_err("a folder");
        assert_eq!(words(&folder), "是文件夹，不是文件（系统错误 21）");
        for (number, said) in
            [(13, "没有权限"), (24, "打开的文件过多"), (28, "磁盘已满"), (98, "占用"), (111, "拒绝连接")]
        {
            let told = words(&Error::from_raw_os_error(number));
            assert!(told.contains(said) && told.ends_with(&format!("{number}）")), "{told}");
        }
        assert_eq!(words(&ErrorKind::TimedOut.into()), "超时");
        assert_eq!(words(&Error::other("原样")), "原样");
        assert_eq!(words(&Error::new(ErrorKind::NotFound, "有自己的话")), "有自己的话");
    }
}
