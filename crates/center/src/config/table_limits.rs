//! Rows of the table: what one process lets anybody hold, and how notices are delivered.

use super::field::Field;
use super::row::{count, milliseconds, row, seconds};
use super::setting::Setting;

pub(super) static LIMITS: &[Setting] = &[
    row!(
        "limits.connections",
        limits.connections,
        count("个连接", 16_384, 1, 1_000_000),
        "每个监听口同时打开的连接数；满了之后关闭空闲最久的连接让给新连接，全部在处理请求时新连接得到 503。",
        "容得下 1 万个保持中的状态查询；系统允许打开的文件数须大于各监听口之和。"
    ),
    row!(
        "limits.connections_per_source",
        limits.connections_per_source,
        count("个连接", 4_096, 1, 1_000_000),
        "每个监听口上同一来源地址（IPv6 按前 64 位）同时打开的连接数；超出者得到 503 后被关闭。         listen.*.proxies 中的前置代理不受限。",
        "一个来源占不满一个监听口；一家平台经同一出口地址也够用。大于 limits.connections 时不起作用。"
    ),
    row!(
        "limits.unproven_seconds",
        limits.unproven,
        seconds(10, 1, 3_600),
        "连接上还没有一个已证实的请求（信封已打开、链接有效、解码成功）时，可以存在多久；正在处理的请求不计。",
        "客户建立连接后马上发出请求；占着连接不说话的，几秒之后就让出来。"
    ),
    row!(
        "limits.unopened_kib",
        limits.unopened_kib,
        count("KiB", 65_536, 64, 16_777_216),
        "全部连接上已收到、还没有打开的请求体合计可以占用的内存；超出者得到 503。同一来源至多用到当时空余的那么多，即至多一半。",
        "请求体通常不到 1 KiB，收到即打开；这么多只在有人故意慢发大请求体时才会用到。"
    ),
    row!(
        "limits.handshake_seconds",
        limits.handshake,
        seconds(10, 1, 60),
        "TLS 握手的期限。",
        "握手要计算，专网线路再慢也只需几个来回。"
    ),
    row!(
        "limits.header_seconds",
        limits.header,
        seconds(10, 1, 60),
        "从请求的第一个字节（新连接从建立起）到请求头收完的期限。",
        "请求头只有几百字节；更久的是故障或慢速攻击。"
    ),
    row!(
        "limits.body_seconds",
        limits.body,
        seconds(10, 1, 60),
        "请求体收完的期限。",
        "请求体至多 64 KiB；更久的是故障或慢速攻击。"
    ),
    row!(
        "limits.keep_alive_seconds",
        limits.keep_alive,
        seconds(75, 1, 3_600),
        "连接在两次请求之间可以空闲多久。",
        "长于常见前置代理的 60 秒，避免代理恰在连接关闭时发来请求。"
    ),
    row!(
        "limits.stop_seconds",
        limits.stop,
        seconds(30, 1, 300),
        "停止进程时，等待进行中的请求完成的期限，超过则中断。",
        "须不短于 delivery.call_milliseconds，否则已受理的通知会被中断。"
    ),
    row!(
        "limits.held_queries",
        limits.held_queries,
        count("个查询", 10_000, 0, 1_000_000),
        "同时保持等待（waitSeconds）的状态查询数；超出者立即得到当前状态，并附 Retry-After。\
         一个账户至多用到当时空余的那么多：独自时一半，与另一个同时占满时各三分之一。",
        "每个占用一个连接，所以不得多于 limits.connections；0 表示不保持。"
    ),
    row!(
        "limits.ledger_queue",
        limits.ledger_queue,
        count("条命令", 8_192, 1, 1_000_000),
        "等待账本处理的命令数；超出者立即被拒绝（-6），此时什么都没有做。已经开始的事（通知已送达、密码已核验）不会因此被拒绝。\
         一个账户至多用到当时空余的那么多：独自时一半，与另一个同时占满时各三分之一。",
        "约为账本 0.15 秒的处理量：排得更久，机构已经等不及了。"
    ),
    row!(
        "limits.ledger_batch",
        limits.ledger_batch,
        count("条命令", 1_024, 1, 16_384),
        "账本一次提交的命令数。",
        "再大时单次提交变慢而吞吐不再提高；不得大于 limits.ledger_queue。"
    ),
    row!(
        "limits.ledgers",
        limits.ledgers,
        count("个账本", 2, 1, 64),
        "PostgreSQL 上并行的账本数，按令牌分配；SQLite 只有一个。",
        "一个账本提交时另一个可以读取与判断；再多则批次变小，每次核验的处理量反而上升。每个账本占用两个数据库连接，本进程另需四个。"
    ),
    row!(
        "limits.resident_verifications",
        limits.resident_verifications,
        count("条核验", 2_000_000, 1_000, 50_000_000),
        "内存中保留的核验数；更早的需要时从数据库读取。只用于 SQLite：PostgreSQL 上别的中心也会改动。",
        "每条至多 0.5 KiB，默认合计不超过 1 GiB。"
    ),
    row!(
        "limits.requests_per_second",
        limits.requests_per_second,
        count("次/秒", 200, 1, 1_000_000),
        "每个账户长期平均的请求速率；超出者得到 -6。",
        "全国高峰约每秒 7,000 次，分布于九十多万家机构；一个账户即便汇集一个地市的机构也用不完。上限供压力测试使用。"
    ),
    row!(
        "limits.burst",
        limits.burst,
        count("次", 400, 1, 1_000_000),
        "每个账户一时可以集中发出的请求数。",
        "不得小于 limits.requests_per_second，否则达不到该速率。"
    ),
    row!(
        "limits.failed_openings_per_minute",
        limits.failed_openings_per_minute,
        count("次/分钟", 60, 1, 1_000_000),
        "每个来源地址每分钟可以有多少个打不开的信封；超出后来自该地址的请求被拒绝。",
        "配置错误的机构很快会被看到，而穷举 orgId 或填充攻击得不到足够的尝试。"
    ),
    row!(
        "limits.decodes_per_source_minute",
        limits.decodes_per_source_minute,
        count("次/分钟", 6_000, 1, 60_000_000),
        "每个来源地址每分钟可以请求解码多少次；超出者得到 -6。",
        "解码是明文，谁在请求无从证实，所以按来源计数，不占用任何账户的次数；经前置代理时请设置 listen.*.client_address。"
    ),
    row!(
        "limits.decodes_per_institution_minute",
        limits.decodes_per_institution_minute,
        count("次/分钟", 600, 1, 60_000_000),
        "其中为同一机构解码的次数；超出者得到 -6。",
        "一家大型医院每秒不到十次。按来源与机构一起计数：别处冒用同一机构编码的，用不掉它的次数。"
    ),
    row!(
        "limits.workers",
        limits.workers,
        count("个线程", 0, 0, 1_024),
        "工作线程数；0 表示与处理器核数相同。",
        "工作不阻塞线程，多于核数没有益处。"
    ),
];

pub(super) static DELIVERY: &[Setting] = &[
    row!(
        "delivery.call_milliseconds",
        delivery.call,
        milliseconds(5_000, 500, 60_000),
        "机构一次通知调用的总期限，包含询问国家中心、全部投递尝试与间隔。",
        "窗口人员在等待；机构系统通常等待 60 秒，超过则不知结果。"
    ),
    row!(
        "delivery.attempts",
        delivery.attempts,
        count("次", 3, 1, 10),
        "总期限之内至多投递几次；只在连接失败或 5xx 之后重试，被拒绝后不再试。",
        "每次使用同一通知编号，渠道不会重复展示。"
    ),
    row!(
        "delivery.first_pause_milliseconds",
        delivery.first_pause,
        milliseconds(50, 1, 5_000),
        "第二次投递之前的间隔，此后每次加倍。",
        "须短于 delivery.call_milliseconds，否则没有第二次。"
    ),
    row!(
        "delivery.in_flight_per_channel",
        delivery.in_flight_per_channel,
        count("个请求", 256, 1, 65_536),
        "对同一渠道同时进行的投递数；超出者立即失败。",
        "一个停顿的渠道至多占用这么多，不会拖慢其他渠道。"
    ),
    row!(
        "delivery.breaker_failures",
        delivery.breaker_failures,
        count("次", 5, 1, 1_000),
        "同一渠道连续失败多少次后暂停向它投递。",
        "偶发的失败由重试处理；连续失败说明渠道不可用。"
    ),
    row!(
        "delivery.breaker_seconds",
        delivery.breaker_pause,
        seconds(15, 1, 3_600),
        "暂停多久；期间机构立即得到 500319，之后放行一次试探。",
        "短到渠道恢复后很快可用，长到不会反复让窗口等待。"
    ),
];
