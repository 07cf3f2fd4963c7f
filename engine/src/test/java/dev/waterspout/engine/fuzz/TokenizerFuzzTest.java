package dev.waterspout.engine.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.tokenizer.SentencePieceTokenizer;
import dev.waterspout.engine.tokenizer.TextStream;
import dev.waterspout.engine.tokenizer.Tokenizer;
import dev.waterspout.kernels.testing.TestData;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/**
 * Both kinds of tokenizers encode arbitrary text, and decoding returns the text. SentencePiece writes a space as
 * U+2581.
 */
class TokenizerFuzzTest {
    private static final List<Tokenizer> TOKENIZERS = Stream.of("stories260K.gguf", "orator-q8_0.gguf")
            .map(TokenizerFuzzTest::tokenizer)
            .toList();

    private static Tokenizer tokenizer(String model) {
        try (GgufFile file = GgufFile.open(TestData.require(model))) {
            return Tokenizer.from(file.metadata());
        }
    }

    @FuzzTest(maxDuration = "10m")
    void decodesItsOwnEncoding(byte[] bytes) {
        // Malformed UTF-8 becomes U+FFFD here, as in every text that the command line reads.
        String text = new String(bytes, StandardCharsets.UTF_8);
        for (Tokenizer tokenizer : TOKENIZERS) {
            int[] tokens = tokenizer.encode(text, true, false);
            TextStream stream = tokenizer.stream();
            StringBuilder decoded = new StringBuilder();
            for (int token : tokens) {
                assertThat(token).isBetween(0, tokenizer.vocabulary().size() - 1);
                decoded.append(stream.next(token));
            }
            decoded.append(stream.finish());
            boolean sentencePiece = tokenizer instanceof SentencePieceTokenizer;
            assertThat(decoded.toString()).isEqualTo(sentencePiece ? text.replace('\u2581', ' ') : text);
        }
    }
}
