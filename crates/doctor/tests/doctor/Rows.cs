using System;
using System.Text;

// Mistakes as they are made in C#. Argument: the right cipher text.
static class Rows
{
    static void Main(string[] arguments)
    {
        byte[] bytes = new byte[arguments[0].Length / 2];
        for (int at = 0; at < bytes.Length; at++)
            bytes[at] = Convert.ToByte(arguments[0].Substring(2 * at, 2), 16);
        Console.WriteLine("dashes\t" + BitConverter.ToString(bytes));
        Console.WriteLine("base64-lines\t" + Convert.ToBase64String(bytes));
        Console.WriteLine("damaged\t" + BitConverter.ToString(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes))));
    }
}
