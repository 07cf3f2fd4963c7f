package dev.waterspout.engine.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.chat.ChatDelta.Kind;
import dev.waterspout.engine.chat.ReplyFormat.Section;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ReplyParserTest {
    private static final ReplyFormat THINK = ReplyFormat.of("{{ '<think>' }}");

    /** Feeds a reply in pieces of a size; returns reasoning, a bar, text, and an exclamation mark where it stopped. */
    private static String parse(ReplyFormat format, Section section, List<String> stops, String reply, int size) {
        ReplyParser parser = new ReplyParser(format, section, stops);
        List<ChatDelta> deltas = new ArrayList<>();
        for (int from = 0; from < reply.length(); from += size) {
            deltas.addAll(parser.take(reply.substring(from, Math.min(reply.length(), from + size))));
        }
        deltas.addAll(parser.finish());
        assertThat(deltas).noneMatch(delta -> delta.text().isEmpty());
        return join(deltas, Kind.REASONING) + "|" + join(deltas, Kind.TEXT) + (parser.stopped() ? "!" : "");
    }

    private static String join(List<ChatDelta> deltas, Kind kind) {
        return deltas.stream()
                .filter(delta -> delta.kind() == kind)
                .map(ChatDelta::text)
                .collect(Collectors.joining());
    }

    private static void check(ReplyFormat format, Section section, List<String> stops, String reply, String wanted) {
        for (int size = 1; size <= reply.length(); size++) {
            assertThat(parse(format, section, stops, reply, size))
                    .as("%s in pieces of %d", reply, size)
                    .isEqualTo(wanted);
        }
    }

    @Test
    void reasoningIsSeparatedForAnyPiecesOfTheReply() {
        check(THINK, Section.START, List.of(), "\n<think>\na < b</think>\n\nYes <b>", "a < b|Yes <b>");
        check(THINK, Section.START, List.of(), "<thin air", "|<thin air");
        check(THINK, Section.START, List.of(), "Say <think> aloud </think>.", "|Say <think> aloud </think>.");
        check(THINK, Section.REASONING, List.of(), "well</think>Yes", "well|Yes");
        check(THINK, Section.START, List.of(), "<think>never ends </thi", "never ends </thi|");
        check(ReplyFormat.PLAIN, Section.START, List.of(), "<think>a</think>b", "|<think>a</think>b");
    }

    @Test
    void channelsSeparateReasoningAndAnswer() {
        ReplyFormat channels = ReplyFormat.of("<|channel|>analysis<|message|>");
        check(
                channels,
                Section.START,
                List.of(),
                "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Hi",
                "hm|Hi");
    }

    @Test
    void aTemplateMayOpenTheReasoning() {
        assertThat(THINK.sectionAfter("<|im_start|>assistant\n<think>\n")).isEqualTo(Section.REASONING);
        assertThat(THINK.sectionAfter("<|im_start|>assistant\n<think>\n\n</think>\n\n"))
                .isEqualTo(Section.TEXT);
        assertThat(THINK.sectionAfter("<|im_start|>assistant\n")).isEqualTo(Section.START);
    }

    @Test
    void stopStringsEndTheAnswerAndNotTheReasoning() {
        check(ReplyFormat.PLAIN, Section.START, List.of("END", "日本"), "one EN ENDless", "|one EN !");
        check(ReplyFormat.PLAIN, Section.START, List.of("END", "日本"), "in 日日本で", "|in 日!");
        check(ReplyFormat.PLAIN, Section.START, List.of("END"), "one EN", "|one EN");
        check(ReplyFormat.PLAIN, Section.START, List.of("aab"), "aaab", "|a!");
        check(THINK, Section.START, List.of("."), "<think>a. b.</think>c. d", "a. b.|c!");
        assertThatThrownBy(() -> new ReplyParser(THINK, Section.START, List.of("")))
                .hasMessage("a stop string is empty; it must have at least 1 character");
    }

    @Test
    void controlTokensAreMarkersOrLeftOut() {
        ReplyParser parser = new ReplyParser(THINK, Section.START, List.of());
        assertThat(parser.takeControl("<|pad|>")).isEmpty();
        assertThat(parser.takeControl("<think>")).isEmpty();
        assertThat(parser.take("a")).containsExactly(new ChatDelta(Kind.REASONING, "a"));
        assertThat(parser.takeControl("</think>")).isEmpty();
        assertThat(parser.take("b")).containsExactly(new ChatDelta(Kind.TEXT, "b"));
    }
}
