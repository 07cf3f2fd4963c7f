package dev.waterspout.engine.perplexity;

import dev.waterspout.engine.generate.GenerationException;
import dev.waterspout.engine.tokenizer.Tokenizer;
import dev.waterspout.engine.tokenizer.Vocabulary;
import java.util.Arrays;

/**
 * A text as consecutive windows of equal length, as llama.cpp's {@code llama-perplexity} cuts it. The text is
 * tokenized once. The first token of each window is replaced by the begin-of-sequence token, if the vocabulary
 * requires one. Tokens that do not fill a window are left out. The second half of a window is scored, so every scored
 * token has at least half a window of context.
 */
public final class TextWindows {
    /** The fewest tokens of a window: each half needs a token to predict from and a token to predict. */
    private static final int MIN_SIZE = 4;

    private final int[] tokens;
    private final int size;
    private final int count;
    private final int bos;

    private TextWindows(int[] tokens, int size, int count, int bos) {
        this.tokens = tokens;
        this.size = size;
        this.count = count;
        this.bos = bos;
    }

    /**
     * Cuts a text.
     *
     * @param tokenizer tokenizer of the model
     * @param text any text; special tokens in it are treated as text
     * @param size tokens of a window, at least 4
     * @throws GenerationException if the text does not fill one window
     */
    public static TextWindows of(Tokenizer tokenizer, String text, int size) {
        if (size < MIN_SIZE) {
            throw new GenerationException("windows of " + size + " tokens; it must be at least " + MIN_SIZE);
        }
        Vocabulary vocabulary = tokenizer.vocabulary();
        int[] tokens = tokenizer.encode(text, vocabulary.addsBos(), false);
        if (tokens.length < size) {
            throw new GenerationException(
                    "the text has " + tokens.length + " tokens; one window of " + size + " must be full");
        }
        int bos = vocabulary.addsBos() ? vocabulary.bos().orElseThrow() : -1;
        return new TextWindows(tokens, size, tokens.length / size, bos);
    }

    /**
     * Returns some of these windows.
     *
     * @param first index of the first one, from 0
     * @param number largest number of windows
     * @throws GenerationException if there is no such window
     */
    public TextWindows part(int first, int number) {
        int some = Math.min(number, count - first);
        if (first < 0 || some < 1) {
            throw new GenerationException(
                    number + " windows from the " + (first + 1) + "th on; the text has " + count + " of " + size);
        }
        return new TextWindows(Arrays.copyOfRange(tokens, first * size, (first + some) * size), size, some, bos);
    }

    /** Returns the number of windows. */
    public int count() {
        return count;
    }

    /** Returns the tokens of a window. */
    public int size() {
        return size;
    }

    /**
     * Returns a window's tokens.
     *
     * @param window index of the window, from 0
     */
    public int[] tokens(int window) {
        int[] own = Arrays.copyOfRange(tokens, window * size, (window + 1) * size);
        if (bos >= 0) {
            own[0] = bos;
        }
        return own;
    }

    /** Returns the first position of a window whose prediction of the next token is scored. */
    public int firstScored() {
        return size / 2;
    }

    /** Returns the number of scored tokens of a window. The last token predicts nothing. */
    public int scoredPerWindow() {
        return size - 1 - firstScored();
    }
}
