package dev.waterspout.engine.generate;

import dev.waterspout.engine.logits.LogitsRequest;
import dev.waterspout.interconnect.collective.ControlChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * An order of the process with rank 0 to the others. On the wire: 14 words, the last nine of which are a request for
 * logits. The tokens after the first one and the named tokens of the request follow in a frame of their own, so that a
 * token of decode takes one message where no logits are adjusted.
 */
sealed interface Order {
    /** Report the work done so far. */
    Order REPORT = new Signal(2);
    /** There is no more to do. */
    Order END = new Signal(3);

    /** Words of every order: code, number of the group, three that depend on the order, and the request for logits. */
    int WORDS = 5 + LogitsRequest.FIXED_WORDS;

    int REQUEST_AT = 5;
    int CODE_FORWARD = 1;
    int CODE_OUTPUT = 4;
    int CODE_GATHER = 5;

    /** An order, and which of a process's groups it is for. */
    record Addressed(int group, Order order) {}

    /** Run tokens through all layers. Its words: position, number of tokens, the first. */
    record Forward(List<Integer> tokens, int position, LogitsRequest wanted) implements Order {
        @Override
        public void send(ControlChannel control, int group) {
            Order.send(
                    control,
                    new int[] {CODE_FORWARD, group, position, tokens.size(), tokens.getFirst()},
                    wanted,
                    tokens.subList(1, tokens.size()));
        }
    }

    /** Gather more of the last token's logits. */
    record Gather(LogitsRequest wanted) implements Order {
        @Override
        public void send(ControlChannel control, int group) {
            Order.send(control, new int[] {CODE_GATHER, group, 0, 0, 0}, wanted, List.of());
        }
    }

    /** Compute logits of the last chunk. Its words: the first row, and how many. */
    record Output(int first, int rows) implements Order {
        @Override
        public void send(ControlChannel control, int group) {
            Order.send(control, new int[] {CODE_OUTPUT, group, first, rows, 0}, LogitsRequest.NONE, List.of());
        }
    }

    /** An order that is all said with its code. */
    record Signal(int code) implements Order {
        @Override
        public void send(ControlChannel control, int group) {
            Order.send(control, new int[] {code, group, 0, 0, 0}, LogitsRequest.NONE, List.of());
        }
    }

    /**
     * Sends this order from the root to all other ranks.
     *
     * @param control the root's
     * @param group number of the group that it is for
     */
    void send(ControlChannel control, int group);

    private static void send(ControlChannel control, int[] head, LogitsRequest wanted, List<Integer> tokens) {
        IntStream request = Arrays.stream(wanted.toWords());
        int[] all = IntStream.concat(
                        Arrays.stream(head),
                        IntStream.concat(request, tokens.stream().mapToInt(Integer::intValue)))
                .toArray();
        control.send(Arrays.copyOf(all, WORDS));
        if (all.length > WORDS) {
            control.send(Arrays.copyOfRange(all, WORDS, all.length));
        }
    }

    /** Waits for the root's next order. */
    static Addressed receive(ControlChannel control) {
        int[] words = control.receive(WORDS);
        int[] request = Arrays.copyOfRange(words, REQUEST_AT, WORDS);
        int named = LogitsRequest.namedTokens(request);
        int moreTokens = words[0] == CODE_FORWARD ? words[3] - 1 : 0;
        int[] rest = named + moreTokens > 0 ? control.receive(named + moreTokens) : new int[0];
        LogitsRequest wanted =
                LogitsRequest.ofWords(IntStream.concat(Arrays.stream(request), Arrays.stream(rest, 0, named))
                        .toArray());
        Order order = switch (words[0]) {
            case CODE_FORWARD -> {
                List<Integer> tokens = new ArrayList<>(List.of(words[4]));
                Arrays.stream(rest, named, rest.length).forEach(tokens::add);
                yield new Forward(tokens, words[2], wanted);
            }
            case 2 -> REPORT;
            case 3 -> END;
            case CODE_OUTPUT -> new Output(words[2], words[3]);
            case CODE_GATHER -> new Gather(wanted);
            default -> throw new IllegalStateException("order " + words[0] + " is not within 1 to 5");
        };
        return new Addressed(words[1], order);
    }
}
