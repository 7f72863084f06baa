{ 验密工具包（Free Pascal、Delphi）：线上密码核验认证的加密、两个调用与结算判断，一个单元，拷进自己的工程即可。

  语言    Free Pascal 3.2；Delphi XE8 或更新
  需要    Free Pascal 自带的 fphttpclient，或 Delphi 自带的 System.Net.HttpClient；SM4、SM3、JSON 在本文件末尾
  试过    Debian 12 的 fpc 3.2.2：全部向量、沙箱里的一次结算、接入验收的全部情形（通过）
  没试过  Delphi（有 IFDEF 的几行，没有编译过）、Windows；Free Pascal 的 https 另需 opensslsockets 单元

  fpc -dKIT_MAIN YanmiKit.pas        定义 KIT_MAIN 则是程序，不定义则是单元
  ./YanmiKit vectors vectors.json           核对全部已知答案
  ./YanmiKit settle kit.conf 令牌 确认命令   走一遍：通知、等参保人确认、问能否结算
  ./YanmiKit settle kit.conf                 一个收费窗口：标准输入一行一个操作（接入验收）

  本文件是没有 BOM 的 UTF-8。Delphi 编译时要加 --codepage:65001，否则中文按 GBK 读，全部会错。
  字符串一律是 UTF-8 的字节（TUtf8），与 Delphi 的 string（UTF-16）之间由编译器转换。 }
{$IFDEF FPC}{$MODE DELPHI}{$H+}{$ENDIF}
{$IFDEF KIT_MAIN}
program YanmiKit;
{$ELSE}
unit YanmiKit;
{$ENDIF}
{$Q-}{$R-}

{$IFNDEF KIT_MAIN}
interface
{$ENDIF}

uses
  SysUtils, Classes, DateUtils, {$IFDEF FPC}fphttpclient{$ELSE}System.Net.HttpClient, System.Net.URLClient{$ENDIF};

const
  KitNotice = '/cfc/api/tokenPwdCheckNotc'; { 1.7.1 }
  KitStatus = '/cfc/api/tokenPwdStas'; { 1.7.2 }
  OfflineWays = '医保终端刷脸、医保终端密码或动态库密码'; { 本机构没有的方式，从这里删去 }
  Instead = '请改用' + OfflineWays + '；也可稍后重新发起认证通知。';
  Renotify = '请按本次结算金额重新发起认证通知，再确认结算。';
  Inform = '本次请采用' + OfflineWays + '，并告知信息科：';
  { 通知了一次、两次、三次及以上 }
  NotConfirmed: array[1..3] of {$IFDEF FPC}AnsiString{$ELSE}UTF8String{$ENDIF} = (
    '请参保人在展码渠道应用上完成认证；未收到通知的，请其先打开手机并进入展码渠道应用，再重新发起认证通知。',
    '请参保人查看手机的系统通知和渠道应用内的站内信（消息中心），点击通知进入认证页面。',
    '请参保人换一个渠道应用重新展码，重新解码后再发起通知；或改用' + OfflineWays + '。');

type
  TUtf8 = {$IFDEF FPC}AnsiString{$ELSE}UTF8String{$ENDIF};
  TKitBytes = array of Byte;
  TKitWords = array[0..31] of LongWord;
  TKitPair = record
    Name, Value: TUtf8;
  end;
  TKitPairs = array of TKitPair;

  { 不合规范的内容；Code 是中心对它的返回码（-2 形式不对，-4 解不开）。 }
  EKitRefused = class(Exception)
    Code: Integer;
    constructor Create(ACode: Integer; const Why: string);
  end;

  { Decision：settle 可以结算，wait 已通知、等参保人，refuse 不结算，offline 转线下方式。
    Code：返回码；没有得到应答为空串，mac 不符为 mac。Seconds：要求等多少秒再发，0 为没有要求。 }
  TKitJudgment = record
    Decision, Code, Why, Next: TUtf8;
    Seconds: Integer;
    Proven: Boolean;
  end;

  TKit = class
    class function KeyBytes(const Text: TUtf8): TKitBytes;
    class function Seal(const Key: TKitBytes; const Text: TUtf8): TUtf8;
    class function Unseal(const Key: TKitBytes; const EncData: TUtf8): TUtf8;
    class function Kcv(const Key: TKitBytes): TUtf8;
    class function PasswordDigest(const Password: TUtf8): TUtf8;
    class function RequestMac(const Key: TKitBytes; const Path, OrgId, Version, ReqtType, Timestamp, EncData: TUtf8): TUtf8;
    class function AnswerMac(const Key: TKitBytes; const Request: TUtf8; Code: Integer; const Message, EncData: TUtf8): TUtf8;
    class function Mac(const Key: TKitBytes; const Parts: array of TUtf8): TUtf8;
    class function Judge(IsNotice: Boolean; const Key: TKitBytes; const Request: TUtf8; MacRequired: Boolean; Http: Integer;
      const RetryAfter, Body: TUtf8; Notices: Integer): TKitJudgment;
    class function Judgment(const Decision, Code, Why, Next: TUtf8): TKitJudgment;
    class function NoAnswer(const Why: TUtf8): TKitJudgment;
    class function State(IsNotice, One: Boolean; Notices: Integer): TKitJudgment;
    class function Refusal(Code: Integer; const Message, RetryAfter: TUtf8): TKitJudgment;
    class function NextStep(Code: Integer): TUtf8;
    class function Cents(const Amount: TUtf8): Int64;
    { JSON 对象的成员：字符串去掉引号，为 null 的与没有一样，其余为原文（内层对象可再读一次）。 }
    class function Members(const Text: TUtf8): TKitPairs;
    class function Get(const Pairs: TKitPairs; const Name: TUtf8): TUtf8;
    class function Quoted(const Text: TUtf8): TUtf8;
    class function Hex(const Data: TKitBytes): TUtf8;
    class function Unhex(const Digits: TUtf8): TKitBytes;
    class function IsHex(const Text: TUtf8): Boolean;
    class function IsUtf8(const Text: TUtf8): Boolean;
    class function BytesOf(const Text: TUtf8): TKitBytes;
    class function ReadFile(const FileName: string): TUtf8;
  end;

  { 一个账号与它的中心；一个线程一个。FProven：中心的应答带过 mac，此后没有 mac 的不再采信。 }
  TKitCenter = class
  private
    FSet: TKitPairs;
    FProven: Boolean;
    function Setting(const Name, Fallback: TUtf8): TUtf8;
    function Call(IsNotice: Boolean; const Path, Text: TUtf8; Notices: Integer): TKitJudgment;
    function Post(const Url, Body: TUtf8; Patience: Integer; out RetryAfter, Answer: TUtf8): Integer;
  public
    Key: TKitBytes;
    constructor Create(const FileName: string);
    function Notify(const Token, Amount: TUtf8): TKitJudgment;
    function Status(const Token: TUtf8; Notices: Integer): TKitJudgment;
  end;

  { 一次展码就诊，扫码的那一刻建立（介质在读取时记录，不以结算时的证件类型倒推）。
    换渠道应用重新展码就另建一个：旧令牌的通知与认证全部作废。 }
  TKitVisit = class
  private
    FCenter: TKitCenter;
    FNotice: TKitJudgment;
    FCovers: Int64; { 参保人至多确认了多少分；-1 为没有 }
    FAt: TDateTime;
  public
    Token: TUtf8;
    Notices: Integer;
    constructor Create(Center: TKitCenter; const AToken: TUtf8);
    function Notify(const Amount: TUtf8): TKitJudgment;
    function Settle(const Amount: TUtf8): TKitJudgment;
  end;

  { JSON 的读取：重复的成员谁也说不清，所以拒绝。 }
  TKitJson = class
  private
    FText: TUtf8;
    FAt: Integer;
    function Space: AnsiChar;
    function Take(Mark: AnsiChar): Boolean;
    procedure Need(Mark: AnsiChar);
    function ReadText: TUtf8;
    function ReadUnit: LongWord;
    procedure ReadNumber;
    procedure ReadDigits;
    function ReadObject(Depth: Integer): TKitPairs;
    function ReadValue(Depth: Integer; out IsNull: Boolean): TUtf8;
  end;

  { SM4（GB/T 32907）与 SM3（GB/T 32905）。 }
  TKitGm = class
    class function Keys(const Key: TKitBytes; Backwards: Boolean): TKitWords;
    class function Sm4(const Keys: TKitWords; const Data: TKitBytes): TKitBytes;
    class function Sm3(const Data: TKitBytes): TKitBytes;
    class function Hmac(const Key, Data: TKitBytes): TKitBytes;
  end;

{$IFNDEF KIT_MAIN}
implementation
{$ENDIF}

constructor EKitRefused.Create(ACode: Integer; const Why: string);
begin
  inherited Create(Why);
  Code := ACode;
end;

{ ---- 一、六个函数 ---- }

{ 下发的密钥：32 位十六进制，或 16 个 ASCII 字符。最常见的错误就是把前者当作后者。 }
class function TKit.KeyBytes(const Text: TUtf8): TKitBytes;
begin
  if (Length(Text) = 32) and IsHex(Text) then
    Result := Unhex(Text)
  else
    Result := BytesOf(Text);
  if Length(Result) <> 16 then
    raise Exception.Create('密钥应为 32 位十六进制或 16 个 ASCII 字符');
end;

{ 加密（encData）：UTF-8，PKCS7，SM4-ECB，大写十六进制。 }
class function TKit.Seal(const Key: TKitBytes; const Text: TUtf8): TUtf8;
var
  Data: TKitBytes;
  Size, Fill, At: Integer;
begin
  Data := BytesOf(Text);
  Size := Length(Data);
  Fill := 16 - Size mod 16; { 恰为整块时也要再补一整块：解密的一方总是从最后一个字节知道补了多少 }
  SetLength(Data, Size + Fill);
  for At := Size to High(Data) do
    Data[At] := Fill;
  Result := Hex(TKitGm.Sm4(TKitGm.Keys(Key, False), Data));
end;

{ 解密。每一步都查：填充不对、不是 UTF-8、不是 JSON 对象的，都不是中心的应答。 }
class function TKit.Unseal(const Key: TKitBytes; const EncData: TUtf8): TUtf8;
var
  Data: TKitBytes;
  Fill, At: Integer;
  Right: Boolean;
begin
  if (EncData = '') or (Length(EncData) mod 32 <> 0) or not IsHex(EncData) then
    raise EKitRefused.Create(-2, 'encData 应为十六进制，长度为 32 的倍数');
  Data := TKitGm.Sm4(TKitGm.Keys(Key, True), Unhex(EncData)); { 解密就是把轮密钥倒过来用 }
  Fill := Data[High(Data)];
  Right := (Fill >= 1) and (Fill <= 16);
  if Right then
    for At := 1 to Fill do
      Right := Right and (Data[Length(Data) - At] = Fill);
  if not Right then
    raise EKitRefused.Create(-4, '填充不是 PKCS7，多半是密钥不对：与中心比对密钥校验值');
  SetLength(Result, Length(Data) - Fill);
  for At := 1 to Length(Result) do
    Result[At] := AnsiChar(Data[At - 1]);
  Members(Result);
end;

{ 密钥校验值：双方各自算出 6 位来比对，不必说出密钥。 }
class function TKit.Kcv(const Key: TKitBytes): TUtf8;
var
  Zero: TKitBytes;
begin
  Zero := nil;
  SetLength(Zero, 16);
  Result := Copy(Hex(TKitGm.Sm4(TKitGm.Keys(Key, False), Zero)), 1, 6);
end;

{ userPwd：六位凭证密码的 SM3。只能由参保人自己输入；不保存，不写日志（1.5.4(3)）。 }
class function TKit.PasswordDigest(const Password: TUtf8): TUtf8;
begin
  Result := Hex(TKitGm.Sm3(BytesOf(Password)));
end;

{ 请求的 mac：ECB 没有校验，没有它，线路上的人不用密钥就能剪贴、重放、伪造 500320。 }
class function TKit.RequestMac(const Key: TKitBytes; const Path, OrgId, Version, ReqtType, Timestamp, EncData: TUtf8): TUtf8;
begin
  Result := Mac(Key, ['request', Path, OrgId, Version, ReqtType, Timestamp, EncData]);
end;

{ 应答的 mac 把请求的 mac（Request）算在内，所以只属于这一次请求；拒绝也有。 }
class function TKit.AnswerMac(const Key: TKitBytes; const Request: TUtf8; Code: Integer; const Message, EncData: TUtf8): TUtf8;
begin
  Result := Mac(Key, ['answer', Request, TUtf8(IntToStr(Code)), Message, EncData]);
end;

class function TKit.Mac(const Key: TKitBytes; const Parts: array of TUtf8): TUtf8;
var
  Zero, Derived: TKitBytes;
  All: TUtf8;
  Part, At: Integer;
begin
  Zero := nil;
  SetLength(Zero, 32);
  Derived := TKitGm.Hmac(TKitGm.Hmac(Zero, Key), BytesOf('yanmi/envelope/mac/1'#1)); { HKDF-SM3，没有 salt }
  All := '';
  for Part := 0 to High(Parts) do
  begin
    for At := 7 downto 0 do
      All := All + AnsiChar(Byte(Int64(Length(Parts[Part])) shr (8 * At)));
    All := All + Parts[Part];
  end;
  Result := Hex(TKitGm.Hmac(Derived, BytesOf(All)));
end;

{ ---- 二、判断：一个应答说明什么，经办人员下一步做什么 ---- }

class function TKit.Judgment(const Decision, Code, Why, Next: TUtf8): TKitJudgment;
begin
  Result.Decision := Decision;
  Result.Code := Code;
  Result.Why := Why;
  Result.Next := Next;
  Result.Seconds := 0;
  Result.Proven := False;
end;

class function TKit.NoAnswer(const Why: TUtf8): TKitJudgment;
begin
  Result := Judgment('offline', '', '无法得到中心的应答：' + Why, Instead);
end;

{ 1.1：先判断协议字段，再判断业务返回，最后判断交易状态。任何一步说不清，都不结算。
  Request 是请求的 mac（没有则空），Notices 是本次就诊通知了几次。 }
class function TKit.Judge(IsNotice: Boolean; const Key: TKitBytes; const Request: TUtf8; MacRequired: Boolean; Http: Integer;
  const RetryAfter, Body: TUtf8; Notices: Integer): TKitJudgment;
var
  Answer, Plain: TKitPairs;
  Strange: TKitJudgment;
  EncData, Message, Given, Flag, Proof: TUtf8;
  Code, At, Different: Integer;
  Proven: Boolean;
begin
  Strange := NoAnswer(TUtf8('中心的应答不合规范（HTTP ' + IntToStr(Http) + '）'));
  Result := Strange;
  EncData := '';
  try
    if Copy(Body, 1, 3) = #$EF#$BB#$BF then
      Answer := Members(Copy(Body, 4, MaxInt))
    else
      Answer := Members(Body);
    if Get(Answer, 'data') <> '' then
      EncData := Get(Members(Get(Answer, 'data')), 'encData');
  except
    on EKitRefused do
      Exit;
  end;
  if not TryStrToInt(string(Get(Answer, 'code')), Code) then
    Exit;
  Message := Get(Answer, 'message');
  Given := TUtf8(UpperCase(string(Get(Answer, 'mac'))));
  Proven := (Request <> '') and (Given <> '');
  if Proven then
  begin { 所用时间与内容无关的比较 }
    Proof := AnswerMac(Key, Request, Code, Message, EncData);
    Different := Ord(Length(Given) <> Length(Proof));
    for At := 1 to Length(Proof) do
      if At <= Length(Given) then
        Different := Different or (Ord(Given[At]) xor Ord(Proof[At]));
    if Different <> 0 then
    begin
      Result := Judgment('refuse', 'mac', '中心的应答不可信：mac 不符，被改动过或不是对本次请求的', Renotify);
      Exit;
    end;
  end
  else if MacRequired and ((Code = 0) or (Code = 500320)) then
  begin { 能让人结算的，必须有 mac }
    Result := Judgment('refuse', 'mac', '中心的应答不可信：没有 mac', Renotify);
    Exit;
  end;
  if Code <> 0 then
    Result := Refusal(Code, Message, RetryAfter)
  else
  begin
    if Http <> 200 then
      Exit;
    try
      Plain := Members(Unseal(Key, EncData));
    except
      on Why: EKitRefused do
      begin
        Result := NoAnswer(TUtf8(Why.Message));
        Exit;
      end;
    end;
    if IsNotice then
      Flag := Get(Plain, 'notcFlag')
    else
      Flag := Get(Plain, 'checkStas');
    if (Flag <> '0') and (Flag <> '1') then
      Exit;
    Result := State(IsNotice, Flag = '1', Notices);
  end;
  Result.Proven := Proven;
end;

{ 交易状态。 }
class function TKit.State(IsNotice, One: Boolean; Notices: Integer): TKitJudgment;
begin
  if Notices > 3 then
    Notices := 3
  else if Notices < 1 then
    Notices := 1;
  if IsNotice and One then
    Result := Judgment('wait', '0', '已通知参保人的渠道应用', NotConfirmed[1])
  else if IsNotice then
    Result := Judgment('offline', '0', '通知参保人的渠道应用失败：通知结果标识为 0', Instead)
  else if One then
    Result := Judgment('settle', '0', '线上密码核验认证通过', '请继续办理医保业务并结算。')
  else
    Result := Judgment('refuse', '0', '参保人尚未完成线上认证，结算前需先完成安全认证', NotConfirmed[Notices]);
end;

{ 业务返回。 }
class function TKit.Refusal(Code: Integer; const Message, RetryAfter: TUtf8): TKitJudgment;
const
  Mark: TUtf8 = '请 ';
var
  Told: TUtf8;
  At: Integer;
begin
  Result := Judgment('refuse', TUtf8(IntToStr(Code)), Message + '（' + TUtf8(IntToStr(Code)) + '）', NextStep(Code));
  case Code of
    500320: { 免密不是失败：直接结算 }
      begin
        Result.Decision := 'settle';
        Result.Next := '请继续办理医保业务并结算。';
      end;
    -1, -3, 500033, 500319, 500321: { 中心或渠道此刻用不了；其余的要先改正或等待 }
      Result.Decision := 'offline';
    -6, 500084:
      begin
        Told := RetryAfter;
        At := Pos(Mark, Message);
        if (Told = '') and (At > 0) then
        begin
          Told := Copy(Message, At + Length(Mark), 4);
          Told := Copy(Told, 1, Pos(TUtf8(' '), Told) - 1);
        end;
        Result.Seconds := StrToIntDef(string(Told), 3);
        if (Code = 500084) and (Pos(TUtf8('非本人'), Message) > 0) then
          Result.Next := '请核实持码人身份，未核实前不得结算；核实为本人的，采用' + OfflineWays + '。';
      end;
  end;
end;

{ ---- 三、两个调用，与一次就诊 ---- }

constructor TKitCenter.Create(const FileName: string);
var
  Rest, Line, Url: TUtf8;
  At: Integer;
begin
  Rest := TKit.ReadFile(FileName) + #10;
  if Copy(Rest, 1, 3) = #$EF#$BB#$BF then
    Delete(Rest, 1, 3);
  while Rest <> '' do
  begin
    Line := Copy(Rest, 1, Pos(TUtf8(#10), Rest) - 1);
    Delete(Rest, 1, Length(Line) + 1);
    At := Pos(TUtf8('='), Line);
    if (At < 2) or (Line[1] = '#') then
      Continue;
    SetLength(FSet, Length(FSet) + 1);
    FSet[High(FSet)].Name := TUtf8(Trim(string(Copy(Line, 1, At - 1))));
    FSet[High(FSet)].Value := TUtf8(Trim(string(Copy(Line, At + 1, MaxInt))));
  end;
  Key := TKit.KeyBytes(Setting('key', ''));
  Url := Setting('url', '');
  if (Pos(TUtf8('https://'), Url) <> 1) and (Pos(TUtf8('http://127.'), Url) <> 1) and (Pos(TUtf8('http://localhost'), Url) <> 1)
    and (Setting('plainHttp', '') <> '1') then
    raise Exception.Create('明文 http 只许本机；确知线路可信才写 plainHttp=1');
end;

function TKitCenter.Setting(const Name, Fallback: TUtf8): TUtf8;
begin
  Result := TKit.Get(FSet, Name);
  if Result = '' then
    Result := Fallback;
end;

{ 1.7.1 通知。Amount 是预结算的医疗费总额，如 128.50：若有应必传。 }
function TKitCenter.Notify(const Token, Amount: TUtf8): TKitJudgment;
begin
  Result := Call(True, KitNotice, '{"token":' + TKit.Quoted(Token) + ',"orgCodg":' + TKit.Quoted(Setting('orgCodg', ''))
    + ',"orgName":' + TKit.Quoted(Setting('orgName', '')) + ',"totalAmount":' + Amount + '}', 1);
end;

{ 1.7.2 查询。令牌与通知的相同；不要循环轮询，点击确认结算时查一次。 }
function TKitCenter.Status(const Token: TUtf8; Notices: Integer): TKitJudgment;
begin
  Result := Call(False, KitStatus, '{"token":' + TKit.Quoted(Token) + ',"orgCodg":' + TKit.Quoted(Setting('orgCodg', '')) + '}', Notices);
end;

function TKitCenter.Call(IsNotice: Boolean; const Path, Text: TUtf8; Notices: Integer): TKitJudgment;
var
  Stamp, ReqtType, EncData, Use, Request, Body, RetryAfter, Answer: TUtf8;
  Universal, Began: TDateTime;
  Http, Patience: Integer;
  Required: Boolean;
begin
  Universal := {$IFDEF FPC}LocalTimeToUniversal(Now){$ELSE}TTimeZone.Local.ToUniversalTime(Now){$ENDIF};
  Stamp := TUtf8(IntToStr(Round((Universal - UnixDateDelta) * MSecsPerDay))); { 每次（包括重试）都重新取时间、重新组包 }
  ReqtType := Setting('prefix', 'sys') + '&' + Setting('region', '');
  EncData := TKit.Seal(Key, Text);
  Use := Setting('mac', 'auto');
  Request := '';
  Body := '{"orgId":' + TKit.Quoted(Setting('orgId', '')) + ',"encData":"' + EncData + '","version":"1.0.0","timestamp":"' + Stamp
    + '","reqtType":' + TKit.Quoted(ReqtType);
  if Use <> 'never' then
  begin
    Request := TKit.RequestMac(Key, Path, Setting('orgId', ''), '1.0.0', ReqtType, Stamp, EncData);
    Body := Body + ',"mac":"' + Request + '"';
  end;
  Patience := StrToInt(string(Setting('timeoutMs', '8000')));
  Began := Now;
  try
    Http := Post(Setting('url', '') + Path, Body + '}', Patience, RetryAfter, Answer);
  except
    on Why: Exception do { 连不上、断开、不完整：不论什么原因，都没有得到应答 }
    begin
      if MilliSecondsBetween(Now, Began) >= Patience then
        Result := TKit.Judgment('offline', '', '请求中心超时', Instead)
      else
        Result := TKit.NoAnswer(TUtf8(Why.Message));
      Exit;
    end;
  end;
  Required := (Use = 'always') or ((Use = 'auto') and FProven);
  Result := TKit.Judge(IsNotice, Key, Request, Required, Http, RetryAfter, Answer, Notices);
  FProven := FProven or Result.Proven;
end;

{ HTTP 状态；没有应答为异常。 }
function TKitCenter.Post(const Url, Body: TUtf8; Patience: Integer; out RetryAfter, Answer: TUtf8): Integer;
var
  Sending, Reading: TMemoryStream;
  Client: {$IFDEF FPC}TFPHTTPClient{$ELSE}THTTPClient{$ENDIF};
{$IFNDEF FPC}
  Got: IHTTPResponse;
{$ENDIF}
begin
  Sending := TMemoryStream.Create;
  Reading := TMemoryStream.Create;
  Client := {$IFDEF FPC}TFPHTTPClient.Create(nil){$ELSE}THTTPClient.Create{$ENDIF};
  try
    Sending.WriteBuffer(Body[1], Length(Body));
    Sending.Position := 0;
{$IFDEF FPC}
    Client.ConnectTimeout := Patience;
    Client.IOTimeout := Patience;
    Client.RequestBody := Sending;
    Client.AddHeader('Content-Type', 'application/json');
    Client.HTTPMethod('POST', Url, Reading, []); { [] 表示不论什么状态都读内容：不是 200 也可能带着中心的拒绝 }
    Result := Client.ResponseStatusCode;
    RetryAfter := Trim(Client.GetHeader(Client.ResponseHeaders, 'Retry-After'));
{$ELSE}
    Client.ConnectionTimeout := Patience;
    Client.ResponseTimeout := Patience;
    Client.HandleRedirects := False;
    Client.ContentType := 'application/json';
    Got := Client.Post(string(Url), Sending, Reading);
    Result := Got.StatusCode;
    RetryAfter := TUtf8(Got.HeaderValue['Retry-After']);
{$ENDIF}
    if Reading.Size > 65536 then
      raise Exception.Create('应答过大');
    SetLength(Answer, Reading.Size);
    if Reading.Size > 0 then
      Move(Reading.Memory^, Answer[1], Reading.Size);
  finally
    Client.Free;
    Reading.Free;
    Sending.Free;
  end;
end;

constructor TKitVisit.Create(Center: TKitCenter; const AToken: TUtf8);
begin
  FCenter := Center;
  Token := AToken;
  FCovers := -1;
end;

{ 可由经办人员多次发起（1.4.4(5)A），间隔 3 秒以上。 }
function TKitVisit.Notify(const Amount: TUtf8): TKitJudgment;
var
  Fen: Int64;
begin
  Fen := TKit.Cents(Amount);
  Result := FCenter.Notify(Token, Amount);
  if (Result.Decision = 'wait') or (Result.Decision = 'settle') then
    FCovers := Fen { 参保人确认的，至多是最近一次通知的金额 }
  else if (Result.Code = '') and ((FCovers < 0) or (Fen < FCovers)) then
    FCovers := Fen; { 没有得到应答：通知可能到了，只会把金额压低 }
  Inc(Notices);
  FNotice := Result;
  FAt := Now;
end;

{ 点击确认结算时问：每次都重新查询（1.6.2(8)），只有 settle 才结算。退费、撤销不必问。 }
function TKitVisit.Settle(const Amount: TUtf8): TKitJudgment;
var
  Asked: TKitJudgment;
  Unconfirmed, Failed: Boolean;
begin
  if Notices = 0 then
  begin
    Result := TKit.Judgment('refuse', '', '尚未发起线上认证通知', '请为参保人发起线上密码核验认证通知。');
    Exit;
  end;
  Result := FNotice;
  { 半小时之内，通知就得到 500320 的，直接办理 }
  if not ((FNotice.Decision = 'settle') and (MinutesBetween(Now, FAt) < 30)) and (FNotice.Code <> 'mac') then
  begin
    Asked := FCenter.Status(Token, Notices);
    Unconfirmed := (Asked.Decision = 'refuse') and (Asked.Code = '0');
    Failed := (FNotice.Decision = 'refuse') or (FNotice.Decision = 'offline');
    if not (Unconfirmed and Failed) then { 通知本身没有成功的，说通知的原因 }
      Result := Asked;
  end;
  if (Result.Decision = 'settle') and (TKit.Cents(Amount) > FCovers) then
    Result := TKit.Judgment('refuse', '0', '参保人确认的金额低于本次结算金额', Renotify);
end;

{ 金额不用浮点数：换成分。 }
class function TKit.Cents(const Amount: TUtf8): Int64;
var
  At, Digits: Integer;
  All: TUtf8;
begin
  All := Amount;
  At := Pos(TUtf8('.'), All);
  if At = 0 then
    All := All + '00'
  else
  begin
    Delete(All, At, 1);
    if Length(All) = At then
      All := All + '0';
    if (At = 1) or (Length(All) <> At + 1) then
      All := '';
  end;
  for Digits := 1 to Length(All) do
    if not (All[Digits] in ['0'..'9']) then
      At := -1;
  if (At < 0) or (Length(All) < 3) or (Length(All) > 16) then
    raise Exception.Create('金额应为元，至多两位小数：' + string(Amount));
  Result := StrToInt64(string(All));
end;

{ ---- 附一：经办人员的下一步（1.9、1.4.4(5)） ---- }

class function TKit.NextStep(Code: Integer): TUtf8;
begin
  case Code of
    -1: Result := Inform + '中心一侧出错或不可用：机构可稍后重试一次，仍不成功则引导参保人采用线下方式；中心按日志查因。';
    -2: Result := Inform + '按提示信息中的参数名修改程序；时间戳超差时先校准本机时钟。原样重发不会成功。';
    -3: Result := '请稍后重试一次；或改用' + OfflineWays + '。';
    -4: Result := Inform + '核对业务系统编码、密钥（比对密钥校验值）、SM4-ECB、PKCS7 填充与 UTF-8 编码；请中心查看日志中的确切原因。';
    -5: Result := Inform + '核对请求地址的路径，区分大小写。';
    -6: Result := Inform + '等提示的秒数（亦见 Retry-After 头）后再发；不要循环轮询，查询可用 waitSeconds。';
    500001: Result := '令牌无效或已过期：请参保人重新展码，重新解码。';
    500002: Result := '请参保人先在渠道应用中激活医保电子凭证，再重新发起认证通知；或改用' + OfflineWays + '。';
    500003: Result := '请参保人在该渠道应用中完成授权后重新发起，或换一个渠道应用重新展码；或改用' + OfflineWays + '。';
    500012: Result := '请参保人改用国家医保服务平台 APP 等支持结算的渠道应用重新展码；或改用' + OfflineWays + '。';
    500033: Result := Inform + '国家电子凭证不可用：机构可稍后重试或采用线下方式；中心检查到国家电子凭证的连接。';
    500042: Result := '请参保人在渠道应用中设置医保电子凭证密码，再重新发起认证通知；或改用' + OfflineWays + '。';
    500050: Result := '请参保人到医保经办机构核实参保信息，本次采用' + OfflineWays + '。';
    500054: Result := '请参保人到医保经办机构核实参保信息，本次采用' + OfflineWays + '。';
    500057: Result := '请核对参保人身份；确为本人的，到医保经办机构更正信息，本次采用' + OfflineWays + '。';
    500058: Result := '请参保人到医保经办机构核实参保信息，本次采用' + OfflineWays + '。';
    500084: Result := '先请参保人打开渠道应用查看消息中心里已有的通知，稍等后再重新发起。';
    500100: Result := Inform + '向地方电子凭证中心申请该接口的权限。';
    500208: Result := Inform + '中心补录渠道认证记录；参保人可先换渠道应用。';
    500209: Result := Inform + '中心核实停用原因；参保人可先换渠道应用。';
    500316: Result := Inform + '传国标定点机构代码（H 或 P 加 11 位数字），且须登记在本业务系统编码之下。';
    500319: Result := '请参保人打开渠道应用后重新发起一次；仍失败则换渠道应用重新展码；或改用' + OfflineWays + '。';
    500321: Result := '请参保人改用国家医保服务平台 APP 等支持结算的渠道应用重新展码；或改用' + OfflineWays + '。';
  else
    Result := Instead;
  end;
end;

{ ---- 附二：JSON ---- }

class function TKit.Members(const Text: TUtf8): TKitPairs;
var
  Json: TKitJson;
begin
  if not IsUtf8(Text) then
    raise EKitRefused.Create(-4, '明文不是 UTF-8');
  Json := TKitJson.Create;
  try
    Json.FText := Text;
    Json.FAt := 1;
    Result := Json.ReadObject(0);
    Json.Space;
    if Json.FAt <= Length(Text) then
      raise EKitRefused.Create(-4, '明文不是 JSON 对象');
  finally
    Json.Free;
  end;
end;

class function TKit.Get(const Pairs: TKitPairs; const Name: TUtf8): TUtf8;
var
  At: Integer;
begin
  Result := '';
  for At := 0 to High(Pairs) do
    if Pairs[At].Name = Name then
      Result := Pairs[At].Value;
end;

{ 跳过空白；接下来的字符，到头了为 #0。 }
function TKitJson.Space: AnsiChar;
begin
  while (FAt <= Length(FText)) and (FText[FAt] in [' ', #9, #10, #13]) do
    Inc(FAt);
  Result := #0;
  if FAt <= Length(FText) then
    Result := FText[FAt];
end;

function TKitJson.Take(Mark: AnsiChar): Boolean;
begin
  Result := Space = Mark;
  if Result then
    Inc(FAt);
end;

procedure TKitJson.Need(Mark: AnsiChar);
begin
  if not Take(Mark) then
    raise EKitRefused.Create(-4, '明文不是 JSON 对象，或成员重复');
end;

function TKitJson.ReadObject(Depth: Integer): TKitPairs;
var
  Pair: TKitPair;
  Seen: TStringList;
  IsNull: Boolean;
begin
  Result := nil;
  Need('{');
  if Take('}') then
    Exit;
  Seen := TStringList.Create;
  Seen.CaseSensitive := True;
  try
    repeat
      Need('"');
      Pair.Name := ReadText;
      Need(':');
      Pair.Value := ReadValue(Depth, IsNull);
      if Seen.IndexOf(string(Pair.Name)) >= 0 then
        raise EKitRefused.Create(-4, '明文不是 JSON 对象，或成员重复');
      Seen.Add(string(Pair.Name));
      if not IsNull then
      begin
        SetLength(Result, Length(Result) + 1);
        Result[High(Result)] := Pair;
      end;
    until not Take(',');
    Need('}');
  finally
    Seen.Free;
  end;
end;

function TKitJson.ReadValue(Depth: Integer; out IsNull: Boolean): TUtf8;
var
  Start: Integer;
  Ignored: Boolean;
begin
  IsNull := False;
  if Take('"') then
  begin
    Result := ReadText;
    Exit;
  end;
  Space;
  Start := FAt;
  if Depth > 30 then
    Need(#1);
  if Space = '{' then
    ReadObject(Depth + 1)
  else if Take('[') then
  begin
    if not Take(']') then
    begin
      repeat
        ReadValue(Depth + 1, Ignored);
      until not Take(',');
      Need(']');
    end;
  end
  else
  begin
    while (FAt <= Length(FText)) and (FText[FAt] in ['a'..'z']) do
      Inc(FAt);
    Result := Copy(FText, Start, FAt - Start);
    IsNull := Result = 'null';
    if Result = '' then
      ReadNumber
    else if not IsNull and (Result <> 'true') and (Result <> 'false') then
      Need(#1);
  end;
  Result := Copy(FText, Start, FAt - Start);
end;

procedure TKitJson.ReadDigits;
var
  Start: Integer;
begin
  Start := FAt;
  while (FAt <= Length(FText)) and (FText[FAt] in ['0'..'9']) do
    Inc(FAt);
  if FAt = Start then
    Need(#1);
end;

procedure TKitJson.ReadNumber;
begin
  Take('-');
  if (Copy(FText, FAt, 1) = '0') and not ((FAt < Length(FText)) and (FText[FAt + 1] in ['0'..'9'])) then
    Inc(FAt)
  else if Copy(FText, FAt, 1) = '0' then
    Need(#1)
  else
    ReadDigits;
  if Copy(FText, FAt, 1) = '.' then
  begin
    Inc(FAt);
    ReadDigits;
  end;
  if (Copy(FText, FAt, 1) = 'e') or (Copy(FText, FAt, 1) = 'E') then
  begin
    Inc(FAt);
    if (Copy(FText, FAt, 1) = '+') or (Copy(FText, FAt, 1) = '-') then
      Inc(FAt);
    ReadDigits;
  end;
end;

{ 引号之后，到引号。 }
function TKitJson.ReadText: TUtf8;
const
  Marks: TUtf8 = '"\/bfnrt';
  Meant: TUtf8 = '"\/'#8#12#10#13#9;
var
  Code, Low: LongWord;
  Mark: AnsiChar;
begin
  Result := '';
  while FAt <= Length(FText) do
  begin
    Mark := FText[FAt];
    Inc(FAt);
    if Mark = '"' then
      Exit;
    if Mark < ' ' then
      Break;
    if Mark <> '\' then
    begin
      Result := Result + Mark;
      Continue;
    end;
    if FAt > Length(FText) then
      Break;
    Mark := FText[FAt];
    Inc(FAt);
    if Mark <> 'u' then
    begin
      if Pos(Mark, Marks) = 0 then
        Break;
      Result := Result + Meant[Pos(Mark, Marks)];
      Continue;
    end;
    Code := ReadUnit;
    if Code shr 10 = $36 then { 代理字符要成对 }
    begin
      if Copy(FText, FAt, 2) <> '\u' then
        Break;
      Inc(FAt, 2);
      Low := ReadUnit;
      if Low shr 10 <> $37 then
        Break;
      Code := $10000 + ((Code and $3FF) shl 10 or (Low and $3FF));
    end
    else if Code shr 10 = $37 then
      Break;
    if Code < $80 then
      Result := Result + AnsiChar(Code)
    else if Code < $800 then
      Result := Result + AnsiChar($C0 or Code shr 6) + AnsiChar($80 or (Code and 63))
    else if Code < $10000 then
      Result := Result + AnsiChar($E0 or Code shr 12) + AnsiChar($80 or (Code shr 6 and 63)) + AnsiChar($80 or (Code and 63))
    else
      Result := Result + AnsiChar($F0 or Code shr 18) + AnsiChar($80 or (Code shr 12 and 63)) + AnsiChar($80 or (Code shr 6 and 63))
        + AnsiChar($80 or (Code and 63));
  end;
  raise EKitRefused.Create(-4, '明文不是 JSON 对象');
end;

function TKitJson.ReadUnit: LongWord;
var
  Digits: TUtf8;
begin
  Digits := Copy(FText, FAt, 4);
  if (Length(Digits) <> 4) or not TKit.IsHex(Digits) then
    raise EKitRefused.Create(-4, '明文不是 JSON 对象');
  Inc(FAt, 4);
  Result := StrToInt('$' + string(Digits));
end;

class function TKit.Quoted(const Text: TUtf8): TUtf8;
var
  At: Integer;
begin
  Result := '"';
  for At := 1 to Length(Text) do
  begin
    if Text[At] in ['"', '\'] then
      Result := Result + '\';
    Result := Result + Text[At];
  end;
  Result := Result + '"';
end;

{ 过长的写法、代理字符、越界的都不算。 }
class function TKit.IsUtf8(const Text: TUtf8): Boolean;
const
  Least: array[0..3] of LongWord = (0, $80, $800, $10000);
var
  At, More, Next: Integer;
  Code: LongWord;
begin
  Result := False;
  At := 1;
  while At <= Length(Text) do
  begin
    Code := Ord(Text[At]);
    if Code < $80 then
      More := 0
    else if Code shr 5 = 6 then
      More := 1
    else if Code shr 4 = 14 then
      More := 2
    else if Code shr 3 = 30 then
      More := 3
    else
      Exit;
    if More > 0 then
      Code := Code and ($3F shr More);
    if At + More > Length(Text) then
      Exit;
    for Next := At + 1 to At + More do
    begin
      if Ord(Text[Next]) shr 6 <> 2 then
        Exit;
      Code := Code shl 6 or (Ord(Text[Next]) and 63);
    end;
    if (Code < Least[More]) or (Code shr 11 = 27) or (Code > $10FFFF) then
      Exit;
    Inc(At, More + 1);
  end;
  Result := True;
end;

class function TKit.Hex(const Data: TKitBytes): TUtf8;
var
  At: Integer;
begin
  Result := '';
  for At := 0 to High(Data) do
    Result := Result + TUtf8(IntToHex(Data[At], 2));
end;

class function TKit.IsHex(const Text: TUtf8): Boolean;
var
  At: Integer;
begin
  Result := True;
  for At := 1 to Length(Text) do
    Result := Result and (Text[At] in ['0'..'9', 'a'..'f', 'A'..'F']);
end;

class function TKit.Unhex(const Digits: TUtf8): TKitBytes;
var
  At: Integer;
begin
  Result := nil;
  SetLength(Result, Length(Digits) div 2);
  for At := 0 to High(Result) do
    Result[At] := StrToInt('$' + string(Copy(Digits, 2 * At + 1, 2)));
end;

class function TKit.BytesOf(const Text: TUtf8): TKitBytes;
var
  At: Integer;
begin
  Result := nil;
  SetLength(Result, Length(Text));
  for At := 0 to High(Result) do
    Result[At] := Ord(Text[At + 1]);
end;

class function TKit.ReadFile(const FileName: string): TUtf8;
var
  Reading: TFileStream;
begin
  Reading := TFileStream.Create(FileName, fmOpenRead or fmShareDenyNone);
  try
    SetLength(Result, Reading.Size);
    if Reading.Size > 0 then
      Reading.ReadBuffer(Result[1], Reading.Size);
  finally
    Reading.Free;
  end;
end;

{ ---- 附三：SM4 与 SM3 ---- }

const
  SBox: array[0..255] of Byte = (
    $d6, $90, $e9, $fe, $cc, $e1, $3d, $b7, $16, $b6, $14, $c2, $28, $fb, $2c, $05,
    $2b, $67, $9a, $76, $2a, $be, $04, $c3, $aa, $44, $13, $26, $49, $86, $06, $99,
    $9c, $42, $50, $f4, $91, $ef, $98, $7a, $33, $54, $0b, $43, $ed, $cf, $ac, $62,
    $e4, $b3, $1c, $a9, $c9, $08, $e8, $95, $80, $df, $94, $fa, $75, $8f, $3f, $a6,
    $47, $07, $a7, $fc, $f3, $73, $17, $ba, $83, $59, $3c, $19, $e6, $85, $4f, $a8,
    $68, $6b, $81, $b2, $71, $64, $da, $8b, $f8, $eb, $0f, $4b, $70, $56, $9d, $35,
    $1e, $24, $0e, $5e, $63, $58, $d1, $a2, $25, $22, $7c, $3b, $01, $21, $78, $87,
    $d4, $00, $46, $57, $9f, $d3, $27, $52, $4c, $36, $02, $e7, $a0, $c4, $c8, $9e,
    $ea, $bf, $8a, $d2, $40, $c7, $38, $b5, $a3, $f7, $f2, $ce, $f9, $61, $15, $a1,
    $e0, $ae, $5d, $a4, $9b, $34, $1a, $55, $ad, $93, $32, $30, $f5, $8c, $b1, $e3,
    $1d, $f6, $e2, $2e, $82, $66, $ca, $60, $c0, $29, $23, $ab, $0d, $53, $4e, $6f,
    $d5, $db, $37, $45, $de, $fd, $8e, $2f, $03, $ff, $6a, $72, $6d, $6c, $5b, $51,
    $8d, $1b, $af, $92, $bb, $dd, $bc, $7f, $11, $d9, $5c, $41, $1f, $10, $5a, $d8,
    $0a, $c1, $31, $88, $a5, $cd, $7b, $bd, $2d, $74, $d0, $12, $b8, $e5, $b4, $b0,
    $89, $69, $97, $4a, $0c, $96, $77, $7e, $65, $b9, $f1, $09, $c5, $6e, $c6, $84,
    $18, $f0, $7d, $ec, $3a, $dc, $4d, $20, $79, $ee, $5f, $3e, $d7, $cb, $39, $48);

function Rotate(Value: LongWord; Count: Integer): LongWord;
begin
  Count := Count and 31;
  if Count = 0 then
    Result := Value
  else
    Result := Value shl Count or Value shr (32 - Count);
end;

function WordAt(const Data: TKitBytes; At: Integer): LongWord;
begin
  Result := LongWord(Data[At]) shl 24 or LongWord(Data[At + 1]) shl 16 or LongWord(Data[At + 2]) shl 8 or Data[At + 3];
end;

procedure PutWord(Value: LongWord; Data: TKitBytes; At: Integer);
begin
  Data[At] := Value shr 24;
  Data[At + 1] := Value shr 16 and 255;
  Data[At + 2] := Value shr 8 and 255;
  Data[At + 3] := Value and 255;
end;

function Substituted(Value: LongWord): LongWord;
begin
  Result := LongWord(SBox[Value shr 24]) shl 24 or LongWord(SBox[Value shr 16 and 255]) shl 16
    or LongWord(SBox[Value shr 8 and 255]) shl 8 or SBox[Value and 255];
end;

class function TKitGm.Keys(const Key: TKitBytes; Backwards: Boolean): TKitWords;
const
  System: array[0..3] of LongWord = ($A3B1BAC6, $56AA3350, $677D9197, $B27022DC);
var
  Words: array[0..35] of LongWord;
  Constant, Mixed: LongWord;
  Turn, At: Integer;
begin
  for At := 0 to 3 do
    Words[At] := WordAt(Key, 4 * At) xor System[At];
  for Turn := 0 to 31 do
  begin
    Constant := 0;
    for At := 0 to 3 do
      Constant := Constant shl 8 or LongWord((4 * Turn + At) * 7 and 255);
    Mixed := Substituted(Words[Turn + 1] xor Words[Turn + 2] xor Words[Turn + 3] xor Constant);
    Words[Turn + 4] := Words[Turn] xor Mixed xor Rotate(Mixed, 13) xor Rotate(Mixed, 23);
    if Backwards then
      Result[31 - Turn] := Words[Turn + 4]
    else
      Result[Turn] := Words[Turn + 4];
  end;
end;

{ 逐块（ECB）。 }
class function TKitGm.Sm4(const Keys: TKitWords; const Data: TKitBytes): TKitBytes;
var
  A, B, C, D, Mixed: LongWord;
  Block, At, Turn: Integer;
begin
  Result := nil;
  SetLength(Result, Length(Data));
  for Block := 0 to Length(Data) div 16 - 1 do
  begin
    At := 16 * Block;
    A := WordAt(Data, At);
    B := WordAt(Data, At + 4);
    C := WordAt(Data, At + 8);
    D := WordAt(Data, At + 12);
    for Turn := 0 to 31 do
    begin
      Mixed := Substituted(B xor C xor D xor Keys[Turn]);
      Mixed := A xor Mixed xor Rotate(Mixed, 2) xor Rotate(Mixed, 10) xor Rotate(Mixed, 18) xor Rotate(Mixed, 24);
      A := B;
      B := C;
      C := D;
      D := Mixed;
    end;
    PutWord(D, Result, At);
    PutWord(C, Result, At + 4);
    PutWord(B, Result, At + 8);
    PutWord(A, Result, At + 12);
  end;
end;

class function TKitGm.Sm3(const Data: TKitBytes): TKitBytes;
const
  Start: array[0..7] of LongWord = ($7380166F, $4914B2B9, $172442D7, $DA8A0600, $A96F30BC, $163138AA, $E38DEE4D, $B0FB0E4E);
var
  State, V: array[0..7] of LongWord;
  W: array[0..67] of LongWord;
  Padded: TKitBytes;
  X, Turned, One, FF, GG, Constant, First, Second: LongWord;
  Block, J: Integer;
begin
  Padded := nil;
  SetLength(Padded, (Length(Data) + 72) div 64 * 64);
  for J := 0 to High(Data) do
    Padded[J] := Data[J];
  Padded[Length(Data)] := $80;
  PutWord(LongWord(Length(Data)) * 8, Padded, Length(Padded) - 4);
  for J := 0 to 7 do
    State[J] := Start[J];
  for Block := 0 to Length(Padded) div 64 - 1 do
  begin
    for J := 0 to 15 do
      W[J] := WordAt(Padded, 64 * Block + 4 * J);
    for J := 16 to 67 do
    begin
      X := W[J - 16] xor W[J - 9] xor Rotate(W[J - 3], 15);
      W[J] := X xor Rotate(X, 15) xor Rotate(X, 23) xor Rotate(W[J - 13], 7) xor W[J - 6];
    end;
    V := State;
    for J := 0 to 63 do
    begin
      if J < 16 then
      begin
        Constant := $79CC4519;
        FF := V[0] xor V[1] xor V[2];
        GG := V[4] xor V[5] xor V[6];
      end
      else
      begin
        Constant := $7A879D8A;
        FF := V[0] and V[1] or V[0] and V[2] or V[1] and V[2];
        GG := V[4] and V[5] or not V[4] and V[6];
      end;
      Turned := Rotate(V[0], 12);
      One := Rotate(LongWord(Turned + V[4] + Rotate(Constant, J)), 7);
      First := LongWord(FF + V[3] + (One xor Turned) + (W[J] xor W[J + 4]));
      Second := LongWord(GG + V[7] + One + W[J]);
      V[3] := V[2];
      V[2] := Rotate(V[1], 9);
      V[1] := V[0];
      V[0] := First;
      V[7] := V[6];
      V[6] := Rotate(V[5], 19);
      V[5] := V[4];
      V[4] := Second xor Rotate(Second, 9) xor Rotate(Second, 17);
    end;
    for J := 0 to 7 do
      State[J] := State[J] xor V[J];
  end;
  Result := nil;
  SetLength(Result, 32);
  for J := 0 to 7 do
    PutWord(State[J], Result, 4 * J);
end;

{ 这里的密钥都不超过 64 字节。 }
class function TKitGm.Hmac(const Key, Data: TKitBytes): TKitBytes;
var
  Inner, Outer, Digest: TKitBytes;
  At: Integer;
begin
  Inner := nil;
  Outer := nil;
  SetLength(Inner, 64 + Length(Data));
  SetLength(Outer, 96);
  for At := 0 to High(Key) do
  begin
    Inner[At] := Key[At];
    Outer[At] := Key[At];
  end;
  for At := 0 to 63 do
  begin
    Inner[At] := Inner[At] xor $36;
    Outer[At] := Outer[At] xor $5C;
  end;
  for At := 0 to High(Data) do
    Inner[64 + At] := Data[At];
  Digest := Sm3(Inner);
  for At := 0 to 31 do
    Outer[64 + At] := Digest[At];
  Result := Sm3(Outer);
end;

{ ---- 四、命令行（Free Pascal） ---- }
{$IFDEF KIT_MAIN}

{ 一行提示。 }
function Told(const Said: TKitJudgment): AnsiString;
begin
  Result := Said.Why + '。' + Said.Next;
  if Said.Seconds > 0 then
    Result := Result + '（' + IntToStr(Said.Seconds) + ' 秒之后再发）';
end;

{ 一个收费窗口：每行一个操作，各答一行“返回值 提示”。 }
procedure Window(Center: TKitCenter);
var
  Visit: TKitVisit;
  Said: TKitJudgment;
  Line, What, Value: AnsiString;
  Returned: Integer;
begin
  Visit := TKitVisit.Create(Center, '');
  while not Eof(Input) do
  begin
    ReadLn(Line);
    Line := Trim(Line) + ' ';
    What := Copy(Line, 1, Pos(' ', Line) - 1);
    Value := Trim(Copy(Line, Pos(' ', Line), MaxInt));
    Said := TKit.Judgment('wait', '0', '已登记', '');
    if (What = 'scan') or (What = 'token') then
    begin
      Visit.Free;
      Visit := TKitVisit.Create(Center, Value);
    end
    else if What = 'notice' then
      Said := Visit.Notify(Value)
    else if What = 'status' then
      Said := Center.Status(Visit.Token, Visit.Notices)
    else
      Said := Visit.Settle(Value);
    Returned := Ord(Said.Decision = 'refuse') + 2 * Ord(Said.Decision = 'offline');
    WriteLn(Returned, ' ', Told(Said));
    Flush(Output);
  end;
  Visit.Free;
end;

procedure Show(const Step: AnsiString; const Said: TKitJudgment; const Expected: AnsiString);
begin
  WriteLn(Step, '：', Told(Said));
  Flush(Output);
  if Said.Decision <> Expected then
    raise Exception.Create('应为 ' + Expected + '，得到 ' + Said.Decision);
end;

{ 走一遍：通知之前不结算，确认之前不结算，确认之后结算，金额变大不结算。 }
procedure Journey(Center: TKitCenter; const Token, Confirm: AnsiString);
var
  Visit: TKitVisit;
begin
  Visit := TKitVisit.Create(Center, Token);
  WriteLn('密钥校验值：', TKit.Kcv(Center.Key));
  Show('通知之前', Visit.Settle('128.50'), 'refuse');
  Show('通知', Visit.Notify('128.50'), 'wait');
  Show('确认之前', Visit.Settle('128.50'), 'refuse');
  if ExecuteProcess({$IFDEF UNIX}'/bin/sh', ['-c', Confirm]{$ELSE}GetEnvironmentVariable('ComSpec'), ['/c', Confirm]{$ENDIF}) <> 0 then
    raise Exception.Create('确认命令失败');
  Show('确认之后', Visit.Settle('128.50'), 'settle');
  Show('金额变大', Visit.Settle('128.51'), 'refuse');
  WriteLn('可以结算');
  Visit.Free;
end;

function Answered(const V: TKitPairs): AnsiString;
var
  Key: TKitBytes;
  Act: AnsiString;
  Said: TKitJudgment;

  function Text(const Name: AnsiString): AnsiString;
  begin
    Result := TKit.Get(V, Name);
  end;

begin
  Key := nil;
  if Text('key') <> '' then
    Key := TKit.KeyBytes(Text('key'));
  Act := Text('do');
  if Act = 'seal' then
    Result := TKit.Seal(Key, Text('plain'))
  else if Act = 'unseal' then
    Result := TKit.Unseal(Key, Text('encData'))
  else if Act = 'kcv' then
    Result := TKit.Kcv(Key)
  else if Act = 'digest' then
    Result := TKit.PasswordDigest(Text('password'))
  else if Act = 'requestMac' then
    Result := TKit.RequestMac(Key, Text('path'), Text('orgId'), Text('version'), Text('reqtType'), Text('timestamp'), Text('encData'))
  else if Act = 'answerMac' then
    Result := TKit.AnswerMac(Key, Text('request'), StrToInt(Text('code')), Text('message'), Text('encData'))
  else
  begin
    Said := TKit.Judge(Text('call') = 'notice', Key, Text('request'), Text('macRequired') = '1', StrToInt(Text('http')), Text('retryAfter'),
      Text('body'), StrToInt(Text('notices')));
    Result := Said.Decision + '|' + Said.Code + '|' + IntToStr(Said.Seconds) + '|' + Said.Next;
  end;
end;

procedure Vectors(const FileName: AnsiString);
var
  Table, V: TKitPairs;
  Got: AnsiString;
  Row: Integer;
begin
  Table := TKit.Members(TKit.ReadFile(FileName));
  for Row := 0 to High(Table) do
  begin
    V := TKit.Members(Table[Row].Value);
    try
      Got := Answered(V);
    except
      on Why: EKitRefused do
        Got := IntToStr(Why.Code);
    end;
    if Got <> TKit.Get(V, 'result') then
      raise Exception.Create('不符：' + Table[Row].Name + #10'  应为 ' + TKit.Get(V, 'result') + #10'  得到 ' + Got);
  end;
  WriteLn(Length(Table), ' 个向量全部相符');
end;

begin
  try
    if (ParamCount = 2) and (ParamStr(1) = 'vectors') then
      Vectors(ParamStr(2))
    else if (ParamCount = 2) and (ParamStr(1) = 'settle') then
      Window(TKitCenter.Create(ParamStr(2)))
    else if (ParamCount = 4) and (ParamStr(1) = 'settle') then
      Journey(TKitCenter.Create(ParamStr(2)), ParamStr(3), ParamStr(4))
    else
      raise Exception.Create('用法见本文件开头');
  except
    on Why: Exception do
    begin
      WriteLn(StdErr, Why.Message);
      Halt(1);
    end;
  end;
{$ENDIF}
end.
