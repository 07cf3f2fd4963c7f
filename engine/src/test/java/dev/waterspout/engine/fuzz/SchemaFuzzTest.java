package dev.waterspout.engine.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.waterspout.engine.grammar.Grammar;
import dev.waterspout.engine.grammar.GrammarException;
import dev.waterspout.engine.grammar.JsonSchemaGrammar;
import dev.waterspout.engine.json.PlainJson;
import jakarta.json.Json;
import jakarta.json.JsonReader;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;

/** Arbitrary JSON is compiled as a schema or refused with one sentence. Every complete text of the grammar is JSON. */
class SchemaFuzzTest {
    @FuzzTest(maxDuration = "10m")
    void allowsOnlyJson(byte[] bytes) {
        FuzzedText input = new FuzzedText(bytes);
        Grammar grammar;
        try {
            Object schema = PlainJson.read("schema", input.text());
            if (schema == null) {
                return;
            }
            grammar = JsonSchemaGrammar.of(schema);
        } catch (IOException | GrammarException refused) {
            assertThat(refused.getMessage()).isNotBlank();
            return;
        }
        GrammarWalk.follow(grammar, input, SchemaFuzzTest::requireJson);
    }

    private static void requireJson(byte[] text) {
        String json = new String(text, StandardCharsets.UTF_8);
        try (JsonReader reader = Json.createReader(new StringReader(json))) {
            assertThat(reader.readValue()).as(json).isNotNull();
        }
    }
}
