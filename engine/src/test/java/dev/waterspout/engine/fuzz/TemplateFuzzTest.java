package dev.waterspout.engine.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.waterspout.engine.jinja.JinjaException;
import dev.waterspout.engine.jinja.MarkedText;
import dev.waterspout.engine.jinja.RenderLimits;
import dev.waterspout.engine.jinja.Template;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;

/** Arbitrary text as a chat template renders a conversation within the limits, or is refused with one sentence. */
class TemplateFuzzTest {
    private static final RenderLimits LIMITS = new RenderLimits(200_000, 200, 100_000);
    private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);
    private static final Map<String, Object> CONVERSATION = Map.of(
            "messages",
            List.of(
                    Map.of("role", "system", "content", MarkedText.of("Be brief. <|im_end|>", true)),
                    Map.of("role", "user", "content", MarkedText.of("Was\tist €? 'x'", true))),
            "tools",
            List.of(Map.of(
                    "type", "function", "function", Map.of("name", "f", "parameters", Map.of("type", "object")))),
            "bos_token",
            "<s>",
            "eos_token",
            "</s>",
            "add_generation_prompt",
            true);

    @FuzzTest(maxDuration = "10m")
    void rendersOrIsRefused(byte[] bytes) {
        try {
            Template template = Template.parse(new String(bytes, StandardCharsets.UTF_8));
            MarkedText text = template.render(CONVERSATION, CLOCK, LIMITS);
            assertThat(text.toString().length()).isLessThanOrEqualTo(LIMITS.output());
        } catch (JinjaException refused) {
            assertThat(refused.getMessage()).isNotNull();
        }
    }
}
