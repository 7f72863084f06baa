import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.Security;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import javax.crypto.Cipher;
import javax.crypto.KeyGenerator;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

/** Mistakes as they are made in Java with BouncyCastle. Arguments: key, message. */
public final class Rows {
    private static byte[] seal(String way, byte[] key, byte[] data) throws Exception {
        Cipher cipher = Cipher.getInstance(way, "BC");
        cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, way.substring(0, way.indexOf('/'))));
        return cipher.doFinal(data);
    }

    private static void say(String name, String text) {
        System.out.println(name + "\t" + text);
    }

    private static String hex(byte[] data) {
        return HexFormat.of().withUpperCase().formatHex(data);
    }

    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        byte[] key = HexFormat.of().parseHex(arguments[0]);
        byte[] data = arguments[1].getBytes(StandardCharsets.UTF_8);
        String ecb = "SM4/ECB/";
        byte[] right = seal(ecb + "PKCS7Padding", key, data);
        say("right", hex(right));
        say("iso7816", hex(seal(ecb + "ISO7816-4Padding", key, data)));
        say("x923", hex(seal(ecb + "X9.23Padding", key, data)));
        say("iso10126", hex(seal(ecb + "ISO10126-2Padding", key, data)));
        say("zero", hex(seal(ecb + "ZeroBytePadding", key, data)));
        say("decimals", Arrays.toString(right));
        say("damaged", hex(new String(right, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8)));
        byte[] digest = MessageDigest.getInstance("MD5").digest(arguments[0].getBytes(StandardCharsets.UTF_8));
        say("md5-key", hex(seal(ecb + "PKCS5Padding", digest, data)));
        SecureRandom seeded = SecureRandom.getInstance("SHA1PRNG");
        seeded.setSeed(arguments[0].getBytes(StandardCharsets.UTF_8));
        KeyGenerator generator = KeyGenerator.getInstance("AES");
        generator.init(128, seeded);
        byte[] seed = generator.generateKey().getEncoded();
        say("aes+sha1prng", hex(seal("AES/ECB/PKCS5Padding", seed, data)));
        say("aes", hex(seal("AES/ECB/PKCS5Padding", key, data)));
        say("base64+iso7816", Base64.getEncoder().encodeToString(seal(ecb + "ISO7816-4Padding", key, data)));
        say("aes+x923", hex(seal("AES/ECB/X9.23Padding", key, data)));
    }
}
