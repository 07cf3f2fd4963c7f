package dev.waterspout.engine.tokenizer;

import dev.waterspout.engine.gguf.GgufMetadata;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** Reads the {@code tokenizer.ggml.*} keys of a file; missing keys have llama.cpp's defaults. */
final class SpecReader {
    private static final String KEY = "tokenizer.ggml.";

    private final GgufMetadata metadata;
    private final List<String> tokens;
    private final boolean sentencePiece;

    private SpecReader(GgufMetadata metadata, List<String> tokens, boolean sentencePiece) {
        this.metadata = metadata;
        this.tokens = tokens;
        this.sentencePiece = sentencePiece;
    }

    static TokenizerSpec read(GgufMetadata metadata) {
        String model = metadata.string(KEY + "model").orElseThrow(() -> missing("model"));
        boolean sentencePiece = TokenizerSpec.requireKnown(model).equals(TokenizerSpec.SENTENCE_PIECE);
        List<String> tokens = metadata.strings(KEY + "tokens").orElseThrow(() -> missing("tokens"));
        return new SpecReader(metadata, tokens, sentencePiece).read(model);
    }

    private TokenizerSpec read(String model) {
        String pre = model.equals(TokenizerSpec.GEMMA_4)
                ? model
                : metadata.string(KEY + "pre").orElse("");
        int[] types = metadata.integers(KEY + "token_type").orElseThrow(() -> missing("token_type"));
        float[] scores = {};
        List<String> merges = List.of();
        if (sentencePiece) {
            scores = metadata.floats(KEY + "scores").orElseThrow(() -> missing("scores"));
        } else {
            merges = metadata.strings(KEY + "merges").orElseThrow(() -> missing("merges"));
        }
        List<TokenType> typeList = Arrays.stream(types).mapToObj(TokenType::of).toList();
        return new TokenizerSpec(model, pre, tokens, typeList, FloatBuffer.wrap(scores), merges, specials(pre));
    }

    private Specials specials(String pre) {
        OptionalInt bos = token("bos_token_id", 1);
        boolean addsBos = sentencePiece || (PreTokenizerRules.of(pre).has(PreTokenizer.Trait.BOS) && bos.isPresent());
        return new Specials(
                bos,
                token("eos_token_id", 2),
                token("unknown_token_id", 0),
                Stream.of("eot_token_id", "eom_token_id")
                        .map(key -> inVocabulary(metadata.integer(KEY + key)))
                        .flatMapToInt(OptionalInt::stream)
                        .boxed()
                        .toList(),
                metadata.bool(KEY + "add_bos_token").orElse(addsBos),
                metadata.bool(KEY + "add_eos_token").orElse(false),
                metadata.bool(KEY + "add_space_prefix").orElse(sentencePiece));
    }

    /** A token id, or for SentencePiece vocabularies the one that such a token has by convention. */
    private OptionalInt token(String key, int conventional) {
        OptionalInt named = inVocabulary(metadata.integer(KEY + key));
        return named.isPresent() || !sentencePiece ? named : inVocabulary(OptionalLong.of(conventional));
    }

    /** Files write the largest unsigned number for a token that the vocabulary does not have. */
    private OptionalInt inVocabulary(OptionalLong id) {
        return id.isPresent() && id.getAsLong() >= 0 && id.getAsLong() < tokens.size()
                ? OptionalInt.of((int) id.getAsLong())
                : OptionalInt.empty();
    }

    private static TokenizerException missing(String key) {
        return new TokenizerException("the metadata has no " + KEY + key + ", which this kind of tokenizer needs");
    }
}
