#!/usr/bin/env bash
# 编译并运行全部示例，各走一遍完整流程：扫码、通知、确认、问闸口、结算。
# 用法：examples/run.sh SANDBOX_JSON
#       examples/run.sh ACCEPTANCE_JSON   各通过一遍接入验收的全部情形（先启动 yanmi acceptance）
#   YANMI_ATTEMPT=毫秒    接入验收时等待中心应答的时间；比“应答慢”的 4 秒长
#   YANMI_REPORT=文件夹   存放接入验收的报告，每种语言一份
#   YANMI_LIB=文件夹      libyanmi.so 所在；不给则现场编译（cargo xtask capi）
#   YANMI_VENDOR=文件     模拟的厂商动态库 libyanmi_vendor.so；不给则现场编译
#   YANMI_RUST=文件       编译好的 Rust 示例；不给则现场编译
#   YANMI_SKIP="java …"   不运行的语言；没有安装又没有列在这里的，算失败
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# -eq 1 ] || { echo "用法：$0 SANDBOX_JSON 或 ACCEPTANCE_JSON" >&2; exit 2; }
sandbox=$(realpath "$1")
command -v python3 >/dev/null || { echo "需要 Debian 软件包 python3" >&2; exit 2; }
if [ -z "${YANMI_LIB:-}" ]; then
    (cd "$here/.." && cargo xtask capi) || exit 1
    YANMI_LIB=$here/../target/capi
fi
lib=$(realpath "$YANMI_LIB")
if [ -z "${YANMI_VENDOR:-}" ]; then
    (cd "$here/.." && cargo build --quiet --package yanmi-vendor) || exit 1
    YANMI_VENDOR=$here/../target/debug/libyanmi_vendor.so
fi
vendor=$(realpath "$YANMI_VENDOR")
[ -z "${YANMI_RUST:-}" ] || YANMI_RUST=$(realpath "$YANMI_RUST")
include=$here/../crates/capi/include
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LD_LIBRARY_PATH=$lib LC_ALL=C.UTF-8
passed=0 failed=0
accepting=
grep -q '"settleUrl"' "$sandbox" && accepting=1
reports=$(realpath "${YANMI_REPORT:-$work}")
confirm="python3 '$here/person.py' '$sandbox' confirm"

# 需要的命令与提供它的 Debian 软件包
needs() {
    command -v "$1" >/dev/null && return 0
    echo "未安装 $1：请安装 Debian 软件包 $2"
    return 1
}

# 编译之后的程序：接入验收由 accept.py 反复运行，否则运行一次
run() {
    if [ -n "$accepting" ]; then
        python3 "$here/accept.py" "$sandbox" "$reports/$language.json" "$@"
    else
        "$@" yanmi.toml "$code" "$confirm"
    fi
}

c() {
    needs gcc gcc && needs valgrind valgrind || return 1
    gcc -std=c99 -Wall -Wextra -Werror -I"$include" "$here/c/desk.c" -L"$lib" -lyanmi -o desk || return 1
    # 内存有任何误用（读写越界、用未初始化的值、确定的泄漏）即失败
    run valgrind --quiet --error-exitcode=9 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite ./desk
}
cpp() {
    needs g++ g++ || return 1
    g++ -std=c++17 -Wall -Wextra -Werror -I"$include" "$here/cpp/desk.cpp" -L"$lib" -lyanmi -o desk && run ./desk
}
python() {
    run python3 "$here/python/desk.py" "$lib/libyanmi.so" || return 1
    # 线下方式：终端与动态库是模拟的，手机上展着的是 $code
    [ -n "$accepting" ] || python3 "$here/person.py" "$sandbox" password |
        python3 "$here/python/offline.py" "$lib/libyanmi.so" yanmi.toml "$vendor" "$(python3 "$here/person.py" "$sandbox" url)"
}
java() {
    needs javac default-jdk-headless || return 1
    local jna=/usr/share/java/jna.jar
    [ -f $jna ] || { echo "未安装 JNA：请安装 Debian 软件包 libjna-java"; return 1; }
    javac -encoding UTF-8 -cp $jna -d . "$here/java/Desk.java" || return 1
    run "$(type -P java)" -Dfile.encoding=UTF-8 -Dsun.jnu.encoding=UTF-8 -Djna.library.path="$lib" -cp "$jna:." Desk
}
csharp() {
    needs mcs mono-mcs && needs mono mono-runtime || return 1
    mcs -nologo -out:Desk.exe "$here/csharp/Desk.cs" && run mono Desk.exe
}
rust() {
    local desk=${YANMI_RUST:-}
    if [ -z "$desk" ]; then
        needs cargo cargo || return 1
        (cd "$here/.." && cargo build --quiet --package yanmi-client --example desk) || return 1
        desk=$here/../target/debug/examples/desk
    fi
    run "$desk"
}
pascal() {
    needs fpc fp-compiler || return 1
    fpc -v0 -Fl"$lib" -FE. -odesk "$here/pascal/desk.pas" >fpc.log 2>&1 || { cat fpc.log; return 1; }
    run ./desk
}

for language in c cpp python java csharp pascal rust; do
    case " ${YANMI_SKIP:-} " in *" $language "*) echo "== $language 跳过"; continue ;; esac
    mkdir "$work/$language" && cd "$work/$language" || exit 1
    if [ -z "$accepting" ]; then
        # Rust 示例只用 yanmi-client；线下方式由 yanmi-offline 接入，不在其中
        [ "$language" = rust ] && plugged=() || plugged=("$vendor")
        python3 "$here/person.py" "$sandbox" config yanmi.toml "$language" "${plugged[@]}" || exit 1
        code=$(python3 "$here/person.py" "$sandbox" qr) || exit 1
    fi
    if "$language" >log 2>&1; then
        echo "== $language 通过"
        passed=$((passed + 1))
    else
        echo "== $language 失败"
        sed 's/^/   /' log
        failed=$((failed + 1))
    fi
    if [ -n "${YANMI_VERBOSE:-}" ]; then sed 's/^/   /' log; fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
