{ 收费窗口（Free Pascal；Delphi 中去掉 mode 一行，并把 cdecl 换成 stdcall）：通用入口 YanmiTrans。
  用法：desk 配置文件 二维码 让参保人确认的命令 }
program desk;

{$mode objfpc}{$H+}

uses
  SysUtils, Process;

{ 输出缓冲区固定 2,048 字节即可：本库最多写 2,047 字节和一个 NUL }
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
