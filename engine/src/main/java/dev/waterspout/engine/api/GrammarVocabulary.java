package dev.waterspout.engine.api;

import dev.waterspout.engine.grammar.Node;
import dev.waterspout.engine.grammar.TokenOrder;
import dev.waterspout.engine.tokenizer.TokenType;
import dev.waterspout.engine.tokenizer.Tokenizer;
import dev.waterspout.engine.tokenizer.Vocabulary;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * The bytes of a model's tokens, for grammars. A control token has no text; it is represented by the byte 0xff and its
 * id, which occur in no text. So the characters of a grammar never match it, and {@link #marker} can name it.
 * Immutable.
 */
public final class GrammarVocabulary {
    private static final byte CONTROL = (byte) 0xff;

    private final TokenOrder order;
    private final List<Control> controls = new ArrayList<>();

    private record Control(String text, int token) {}

    GrammarVocabulary(Tokenizer tokenizer) {
        Vocabulary vocabulary = tokenizer.vocabulary();
        BitSet ends = new BitSet();
        for (int token = 0; token < vocabulary.size(); token++) {
            if (vocabulary.isEndOfText(token)) {
                ends.set(token);
            } else if (vocabulary.type(token) == TokenType.CONTROL
                    && !vocabulary.text(token).isEmpty()) {
                controls.add(new Control(vocabulary.text(token), token));
            }
        }
        order = new TokenOrder(
                vocabulary.size(),
                token -> vocabulary.type(token) == TokenType.CONTROL ? bytes(token) : tokenizer.bytes(token),
                ends);
    }

    private static byte[] bytes(int token) {
        return ByteBuffer.allocate(1 + Integer.BYTES).put(CONTROL).putInt(token).array();
    }

    /** Returns the tokens in the order of their bytes. */
    TokenOrder order() {
        return order;
    }

    /**
     * Returns a text with the representation of its control tokens.
     *
     * @param text text that a template has written
     */
    public Node marker(String text) {
        List<Node> parts = new ArrayList<>();
        String rest = text;
        while (!rest.isEmpty()) {
            int first = rest.length();
            Control found = null;
            for (Control control : controls) {
                int at = rest.indexOf(control.text());
                if (at >= 0 && at < first) {
                    first = at;
                    found = control;
                }
            }
            if (first > 0) {
                parts.add(Node.text(rest.substring(0, first)));
            }
            rest = rest.substring(first);
            if (found != null) {
                List<Byte> bytes = new ArrayList<>();
                for (byte each : bytes(found.token())) {
                    bytes.add(each);
                }
                parts.add(new Node.Bytes(bytes));
                rest = rest.substring(found.text().length());
            }
        }
        return new Node.Sequence(parts);
    }
}
