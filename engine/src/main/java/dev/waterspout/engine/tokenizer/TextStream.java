package dev.waterspout.engine.tokenizer;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Decodes tokens to text, one by one. Bytes of an unfinished UTF-8 character are held back until it is whole; bytes
 * that cannot be UTF-8 become U+FFFD. Not thread-safe.
 */
public final class TextStream {
    private static final byte[] NOTHING = {};

    private final Tokenizer tokenizer;
    private final boolean dropPrefixSpace;
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);

    private byte[] unfinished = NOTHING;
    /** Whether the next piece is the first of a stretch of text, which encoding puts a space in front of. */
    private boolean atStart = true;

    /**
     * Creates a stream.
     *
     * @param dropPrefixSpace whether the first piece at the start and after each special token loses a leading space
     */
    TextStream(Tokenizer tokenizer, boolean dropPrefixSpace) {
        this.tokenizer = tokenizer;
        this.dropPrefixSpace = dropPrefixSpace;
    }

    /**
     * Takes a token and returns the text that is whole with it.
     *
     * @param token token id
     * @return whole characters; empty for control tokens and within a character
     * @throws IllegalArgumentException if the id is outside the vocabulary
     */
    public String next(int token) {
        byte[] bytes = tokenizer.bytes(token);
        boolean special = tokenizer.vocabulary().type(token).isSpecial();
        boolean drop = dropPrefixSpace && atStart && !special && bytes.length > 0 && bytes[0] == ' ';
        atStart = special || (atStart && bytes.length == 0);
        return decode(bytes, drop ? 1 : 0, false);
    }

    /**
     * Ends the text.
     *
     * @return U+FFFD if the text breaks off within a character, else nothing; the stream then is at the beginning of a
     *     new text
     */
    public String finish() {
        String rest = decode(NOTHING, 0, true);
        atStart = true;
        return rest;
    }

    private String decode(byte[] bytes, int from, boolean last) {
        ByteBuffer input = ByteBuffer.allocate(unfinished.length + bytes.length - from);
        input.put(unfinished).put(bytes, from, bytes.length - from).flip();
        // UTF-8 never decodes to more characters than it has bytes, nor does a replaced byte.
        CharBuffer output = CharBuffer.allocate(input.remaining());
        decoder.reset();
        CoderResult result = decoder.decode(input, output, last);
        if (last) {
            result = decoder.flush(output);
        }
        if (!result.isUnderflow()) {
            throw new AssertionError("decoder stopped with " + result + " at byte " + input.position());
        }
        unfinished = new byte[input.remaining()];
        input.get(unfinished);
        return output.flip().toString();
    }
}
