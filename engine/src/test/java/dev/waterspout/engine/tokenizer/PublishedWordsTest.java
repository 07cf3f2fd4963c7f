package dev.waterspout.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.kernels.testing.TestData;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonString;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares the words of 48 texts with those of Hugging Face's pre-tokenizers, for one name of most rules. */
class PublishedWordsTest {
    private static final JsonObject EXPECTED = read();

    private static Stream<String> rules() {
        return EXPECTED.getJsonObject("words").keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("rules")
    void cutsTheWordsThatHuggingFaceCuts(String rule) {
        PreTokenizer preTokenizer = PreTokenizerRules.of(rule);
        List<String> lengths = EXPECTED.getJsonArray("strings").getValuesAs(JsonString.class).stream()
                .map(text -> lengths(preTokenizer.split(text.getString())))
                .toList();
        List<String> expected =
                Arrays.asList(EXPECTED.getJsonObject("words").getString(rule).split(", "));

        assertThat(lengths).isEqualTo(expected);
    }

    private static String lengths(List<String> words) {
        return words.stream()
                .map(word -> String.valueOf(word.codePointCount(0, word.length())))
                .collect(Collectors.joining(" "));
    }

    private static JsonObject read() {
        try (JsonReader reader = Json.createReader(Files.newBufferedReader(TestData.require("tokenizer/words.json")))) {
            return reader.readObject();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
