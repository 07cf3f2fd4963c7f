package dev.waterspout.engine.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.json.PlainJson;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares schemas with texts that they allow and texts that they do not allow. */
class JsonSchemaGrammarTest {
    private static Grammar grammar(String schema) throws IOException {
        return JsonSchemaGrammar.of(Objects.requireNonNull(PlainJson.read("schema", schema)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"type\":\"boolean\"}},"
                        + "\"required\":[\"a\"]}~{\"a\":1}|{\"a\": -12, \"b\": true}|{¶  \"a\":0}"
                        + "~{}|{\"b\":true}|{\"b\":true,\"a\":1}|{\"a\":1.5}|{\"a\":1,\"c\":2}|{\"a\":01}",
                "{\"properties\":{\"a\":{},\"b\":{},\"c\":{}}}~{}|{\"c\":[1]}|{\"a\":1,\"c\":{}}|{\"a\":1,\"b\":2,"
                        + "\"c\":3}"
                        + "~{\"c\":1,\"a\":2}|{,\"a\":1}|{\"a\":1,}",
                "{\"properties\":{\"ab\":{\"type\":\"null\"}},\"additionalProperties\":{\"type\":\"integer\"}}"
                        + "~{\"ab\":null}|{\"ab\":null,\"a\":1,\"abc\":2,\"\":3}|{\"b\":1}|{}~{\"ab\":1}|{\"a\":null}",
                "{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"minItems\":1,\"maxItems\":2}~[\"a\"]|[\"a\","
                        + " \"b\"]~[]|[1]|[\"a\",\"b\",\"c\"]",
                "{\"type\":\"array\",\"prefixItems\":[{\"type\":\"integer\"},{\"type\":\"string\"}],\"items\":false}"
                        + "~[1,\"a\"]~[1]|[1,\"a\",2]",
                "{\"enum\":[\"red\",5,null,{\"a\":[1]}]}~\"red\"|5|null|{\"a\":[1]}~\"blue\"|red|6",
                "{\"const\":\"a\\\"b\\n\"}~\"a\\\"b\\n\"~\"a\"",
                "{\"type\":[\"string\",\"null\"]}~\"x\"|null~1",
                "{\"type\":\"string\",\"nullable\":true}~\"x\"|null~true",
                "{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}~\"é😀\"|\"a\\nb\"~\"a\"|\"abcd\"",
                "{\"type\":\"string\",\"pattern\":\"^[A-Z]{2}-\\\\d+$\"}~\"AB-1\"|\"XY-007\"~\"A-1\"|\"AB-\"|\"AB-1x\"",
                "{\"type\":\"string\",\"pattern\":\"a+b|c\"}~\"xxaab\"|\"c\"|\"abz\"~\"\"|\"aa\"",
                "{\"type\":\"string\",\"pattern\":\"^(?:\\\\\\\\|\\\"|[\\\\s.])+$\"}~\"\\\\\\\"\"|\"\\n"
                        + ". \"~\"a\"|\"\\\\n"
                        + "\"x",
                "{\"type\":\"string\",\"format\":\"date\"}~\"2026-11-29\"~\"2026-13-29\"|\"2026-1-2\"",
                "{\"anyOf\":[{\"type\":\"integer\"},{\"type\":\"object\",\"properties\":{\"n\":{\"$ref\":\"#\"}}}]}"
                        + "~1|{\"n\":{\"n\":{}}}|{\"n\":2}~{\"n\":\"x\"}",
                "{\"$ref\":\"#/$defs/tree\",\"$defs\":{\"tree\":{\"type\":\"object\","
                        + "\"properties\":{\"kids\":{\"type\":"
                        + "\"array\",\"items\":{\"$ref\":\"#/$defs/tree\"}}},\"required\":[\"kids\"]}}}"
                        + "~{\"kids\":[]}|{\"kids\":[{\"kids\":[]},{\"kids\":[{\"kids\":[]}]}]}~{}|{\"kids\":[1]}",
                "{\"allOf\":[{\"$ref\":\"#/$defs/a\"},{\"properties\":{\"y\":{\"type\":\"null\"}},"
                        + "\"required\":[\"y\"]}],"
                        + "\"$defs\":{\"a\":{\"type\":\"object\",\"properties\":{\"x\":{\"const\":1}},"
                        + "\"required\":[\"x\"]}}}"
                        + "~{\"x\":1,\"y\":null}~{\"x\":1}|{\"y\":null}",
                "{\"type\":\"number\",\"minimum\":0}~0|1.5e3|12.25~-1|1.|.5",
                "{}~{\"a\":[1,\"b\",null,true,-0.5]}|3~{a:1}",
            })
    void textsAreAllowedOrNot(String schema, String allowed, String refused) throws IOException {
        Grammar grammar = grammar(schema);
        for (String text : allowed.split("\\|", -1)) {
            assertThat(GrammarTest.matches(grammar, text.replace("¶", "\n")))
                    .as(text)
                    .isTrue();
        }
        for (String text : refused.split("\\|", -1)) {
            assertThat(GrammarTest.matches(grammar, text.replace("¶", "\n")))
                    .as(text)
                    .isFalse();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "{\"not\":{}}~schema has the keyword not, which is not supported",
                "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"number\",\"multipleOf\":2}}}"
                        + "~schema.properties.a has the keyword multipleOf",
                "{\"type\":\"number\",\"minimum\":3}~schema.minimum is 3",
                "{\"type\":\"thing\"}~schema.type is thing",
                "{\"$ref\":\"#/$defs/none\"}~which is not in the schema",
                "{\"$ref\":\"http://x/y\"}~only references within the schema",
                "{\"enum\":[]}~schema.enum is empty",
                "{\"type\":\"string\",\"pattern\":\"(?=a)\"}~pattern (?=a) is not supported from its character 2 on",
                "{\"type\":\"integer\",\"minimum\":5,\"maximum\":4}~allows no integer",
                "{\"properties\":{\"a\":5}}~schema.properties.a is not a schema",
                "{\"$ref\":\"#\"}~begins with itself",
                "{\"type\":\"string\",\"maxLength\":-1}~schema.maxLength is -1",
            })
    void unsupportedKeywordsAreRefusedByName(String schema, String message) {
        assertThatThrownBy(() -> grammar(schema))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining(message);
    }

    @Test
    void integersRespectTheirBounds() throws IOException {
        Random random = new Random(3);
        for (int run = 0; run < 60; run++) {
            long least = random.nextLong(-3000, 3000);
            long most = random.nextLong(least, 3500);
            Grammar both = grammar("{\"type\":\"integer\",\"minimum\":" + least + ",\"maximum\":" + most + "}");
            Grammar from = grammar("{\"type\":\"integer\",\"minimum\":" + least + "}");
            Grammar upTo = grammar("{\"type\":\"integer\",\"exclusiveMaximum\":" + most + "}");
            for (int draw = 0; draw < 200; draw++) {
                long value =
                        draw < 4 ? new long[] {least - 1, least, most, most + 1}[draw] : random.nextLong(-9999, 9999);
                String text = Long.toString(value);
                assertThat(GrammarTest.matches(both, text))
                        .as("%d in %d to %d", value, least, most)
                        .isEqualTo(least <= value && value <= most);
                assertThat(GrammarTest.matches(from, text)).isEqualTo(least <= value);
                assertThat(GrammarTest.matches(upTo, text)).isEqualTo(value < most);
            }
        }
    }

    /** Without limits each of these takes exponential time or exhausts the stack. */
    @Test
    void hostileSchemasAreRefusedQuickly() {
        Object types = Map.of("type", "string");
        for (int i = 0; i < 60; i++) {
            types = Map.of("type", List.of("array", "array"), "items", types);
        }
        Object squared = types;
        assertThatThrownBy(() -> JsonSchemaGrammar.of(squared))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("more than 20000 parts");
        Map<String, Object> definitions = new HashMap<>();
        for (int i = 0; i < 5_000; i++) {
            definitions.put(String.valueOf(i), Map.of("$ref", "#/$defs/" + (i + 1)));
        }
        assertThatThrownBy(() -> JsonSchemaGrammar.of(Map.of("$ref", "#/$defs/0", "$defs", definitions)))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("more than 200 parts inside each other");
    }
}
