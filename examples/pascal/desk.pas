{ 收费窗口（Free Pascal；Delphi 中去掉 mode 一行，并把 cdecl 换成 stdcall）：通用入口 YanmiTrans。
  用法：desk 配置文件 二维码 让参保人确认的命令
        desk 配置文件          从标准输入逐行接受经办人员的操作（接入验收） }
program desk;

{$mode objfpc}{$H+}

uses
  SysUtils, Process;

{ 输出缓冲区固定 2,048 字节即可：本库最多写 999 字节和一个 NUL，除非配置了 [c] trans_bytes }
function YanmiTrans(config, input, output: PAnsiChar): PAnsiChar;
  {$ifdef windows} stdcall; {$else} cdecl; {$endif} external 'yanmi';

var
  config: AnsiString;

{ 一次调用，返回输出的 JSON（默认只含 ASCII，任何代码页都能显示） }
function Trans(const operation, data: AnsiString): AnsiString;
var
  output: array[0..2047] of AnsiChar;
  status: AnsiString;
begin
  status := YanmiTrans(PAnsiChar(config),
    PAnsiChar('{"transType":"' + operation + '","data":{' + data + '}}'), @output[0]);
  Result := output;
  if ParamCount > 1 then
    WriteLn(operation, ' ', status, ' ', Result);
end;

{ 取字符串成员；正式程序请用自己的 JSON 单元 }
function Member(const json, name: AnsiString): AnsiString;
var
  start: Integer;
begin
  start := Pos('"' + name + '":"', json) + Length(name) + 4;
  Result := Copy(json, start, Pos('"', Copy(json, start, Length(json))) - 1);
end;

{ 一个窗口：每行一个操作，各答一行“返回值 提示” }
procedure Window;
var
  line, what, value, visit, answer: AnsiString;
  space: Integer;
begin
  visit := '';
  while not Eof do
  begin
    ReadLn(line);
    space := Pos(' ', line + ' ');
    what := Copy(line, 1, space - 1);
    value := Copy(line, space + 1, Length(line));
    case what of
      'scan': answer := Trans('yanmi.begin', '"medium":0,"ecToken":"' + value + '"');
      'token': answer := Trans('yanmi.switchToken', visit + ',"ecToken":"' + value + '"');
      'notice': answer := Trans('yanmi.notify', visit + ',"totalAmount":"' + value + '"');
      'status': answer := Trans('yanmi.status', visit);
    else
      answer := Trans('yanmi.gate', visit + ',"settlement":"2207","totalAmount":"' + value + '"');
    end;
    if what = 'scan' then
      visit := '"visit":"' + Member(answer, 'visit') + '"';
    { code 是第一个成员 }
    space := Pos('"code":', answer) + 7;
    WriteLn(Copy(answer, space, Pos(',', answer) - space), ' ', Member(answer, 'message'), Member(answer, 'next'));
    Flush(System.Output);
  end;
end;

procedure Expect(const json, part: AnsiString);
begin
  if Pos(part, json) = 0 then
  begin
    WriteLn('应含有 ', part);
    Halt(1);
  end;
end;

var
  answer, visit, ask, printed: AnsiString;
begin
  config := ParamStr(1);
  if ParamCount = 1 then
  begin
    Window;
    Halt(0);
  end;
  answer := Trans('yanmi.scan', '"ecQrCode":"' + ParamStr(2) +
    '","businessType":"01301","operatorId":"001","operatorName":"经办人","officeId":"01","officeName":"收费处"');
  Expect(answer, '"code":0,');
  visit := '"visit":"' + Member(answer, 'visit') + '"';
  ask := visit + ',"settlement":"2207","totalAmount":"42.00"';
  Expect(Trans('yanmi.notify', visit + ',"totalAmount":"42.00"'), '"code":0,');
  { 参保人还没有确认：1 不结算 }
  Expect(Trans('yanmi.gate', ask), '"code":1,');
  if not RunCommand('sh', ['-c', ParamStr(3)], printed) then
    Halt(1);
  { 只有 code 为 0 才可结算 }
  answer := Trans('yanmi.gate', ask);
  Expect(answer, '"code":0,');
  Expect(answer, '"verdict":"settle"');
  Expect(Trans('yanmi.visit', '"visit":"x"'), '"code":9007,');
  WriteLn('可以结算');
end.
