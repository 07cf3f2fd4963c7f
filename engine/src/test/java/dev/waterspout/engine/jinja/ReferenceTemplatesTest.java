package dev.waterspout.engine.jinja;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.kernels.testing.TestData;
import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Renders conversations with published templates, and compares with the output of jinja2. */
class ReferenceTemplatesTest {
    private static final Clock CLOCK =
            Clock.fixed(LocalDate.of(2026, 11, 29).atStartOfDay().toInstant(ZoneOffset.UTC), ZoneOffset.UTC);

    private static JsonObject read(String name) throws IOException {
        try (InputStream in = Files.newInputStream(TestData.require(name))) {
            return Json.createReader(in).readObject();
        }
    }

    private static @Nullable Object plain(JsonValue value) {
        return switch (value.getValueType()) {
            case NULL -> null;
            case TRUE -> true;
            case FALSE -> false;
            case STRING -> ((JsonString) value).getString();
            case NUMBER -> {
                JsonNumber number = (JsonNumber) value;
                yield number.isIntegral() ? (Object) number.longValueExact() : number.doubleValue();
            }
            case ARRAY -> {
                List<@Nullable Object> list = new ArrayList<>();
                value.asJsonArray().forEach(item -> list.add(plain(item)));
                yield list;
            }
            case OBJECT -> map(value.asJsonObject());
        };
    }

    private static Map<String, @Nullable Object> map(JsonObject object) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        object.forEach((key, value) -> map.put(key, plain(value)));
        return map;
    }

    private static final String REFUSED = "refused: ";

    private static String render(Template template, Map<String, @Nullable Object> variables) {
        try {
            return template.render(variables, CLOCK, RenderLimits.DEFAULT).toString();
        } catch (JinjaException e) {
            return REFUSED + e.getMessage();
        }
    }

    /** Adds a line to the differences if a rendering differs from the expected text or refusal. */
    private static void compare(String name, String actual, JsonObject expected, List<String> differences) {
        String text = expected.getString("text", null);
        boolean equal = text == null ? actual.startsWith(REFUSED) : actual.equals(text);
        if (text == null && expected.getString("error").startsWith("TemplateError: ")) {
            equal = actual.equals(REFUSED + expected.getString("error").substring("TemplateError: ".length()));
        }
        if (!equal) {
            differences.add(name + "\n  wanted " + (text == null ? expected.getString("error") : text) + "\n  found  "
                    + actual);
        }
    }

    @Test
    void publishedTemplates() throws IOException {
        JsonObject reference = read("chat/templates.json");
        Path templates = TestData.require("chat/templates");
        List<String> differences = new ArrayList<>();
        int renderings = 0;
        for (Map.Entry<String, JsonValue> entry :
                reference.getJsonObject("expected").entrySet()) {
            Template template = Template.parse(Files.readString(templates.resolve(entry.getKey() + ".jinja")));
            for (Map.Entry<String, JsonValue> one :
                    entry.getValue().asJsonObject().entrySet()) {
                JsonObject conversation = reference.getJsonObject("cases").getJsonObject(one.getKey());
                compare(
                        entry.getKey() + ", " + one.getKey(),
                        render(template, map(conversation)),
                        one.getValue().asJsonObject(),
                        differences);
                renderings++;
            }
        }
        assertThat(differences).isEmpty();
        assertThat(renderings).isEqualTo(528);
    }

    @Test
    void templatesWrittenForTheComparison() throws IOException {
        JsonObject reference = read("chat/chat.json");
        List<String> differences = new ArrayList<>();
        int renderings = 0;
        for (String name : reference.getJsonObject("own_templates").keySet()) {
            Template template =
                    Template.parse(reference.getJsonObject("own_templates").getString(name));
            renderings += conversations(
                    reference, name, template, reference.getJsonObject("own").getJsonObject(name), differences);
        }
        assertThat(differences).isEmpty();
        assertThat(renderings).isEqualTo(60);
    }

    @Test
    void templatesOfPublishedTokenizers() throws IOException {
        JsonObject reference = read("chat/chat.json");
        Path templates = TestData.require("chat/templates");
        List<String> differences = new ArrayList<>();
        int renderings = 0;
        for (String name : reference.getJsonObject("models").keySet()) {
            JsonObject model = reference.getJsonObject("models").getJsonObject(name);
            Path file = templates.resolve("npm-" + name + ".jinja");
            if (model.containsKey("rendered") && Files.exists(file)) {
                renderings +=
                        conversations(reference, name, Template.parse(Files.readString(file)), model, differences);
            }
        }
        assertThat(differences).isEmpty();
        assertThat(renderings).isEqualTo(60);
    }

    private static int conversations(
            JsonObject reference, String name, Template template, JsonObject expected, List<String> differences) {
        JsonArray conversations = reference.getJsonArray("conversations");
        for (int i = 0; i < conversations.size(); i++) {
            JsonObject conversation = conversations.getJsonObject(i);
            Map<String, @Nullable Object> variables = map(conversation);
            variables.remove("name");
            if (expected.containsKey("variables")) {
                variables.putAll(map(expected.getJsonObject("variables")));
            } else {
                variables.put("bos_token", expected.getString("bos_token"));
                variables.put("eos_token", expected.getString("eos_token"));
            }
            JsonObject rendered = expected.getJsonArray("rendered").getJsonObject(i);
            compare(
                    name + ", " + conversation.getString("name"),
                    render(template, variables),
                    rendered.containsKey("jinja2") && rendered.get("jinja2") instanceof JsonObject jinja2
                            ? jinja2
                            : rendered,
                    differences);
        }
        return conversations.size();
    }
}
