package dev.waterspout.engine.generate;

import dev.waterspout.interconnect.collective.ControlChannel;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * An order of the process with rank 0 to the others. On the wire: six words, and the tokens after the first one in a
 * frame of their own, so that a token of decode takes one message.
 */
sealed interface Order {
    /** Report the work done so far. */
    Order REPORT = new Signal(2);
    /** There is no more to do. */
    Order END = new Signal(3);

    /** Words of every order: code, number of the group, and four that depend on the order. */
    int WORDS = 6;

    int CODE_FORWARD = 1;
    int CODE_OUTPUT = 4;

    /** An order, and which of a process's groups it is for. */
    record Addressed(int group, Order order) {}

    /** Run tokens through all layers. Its words: position, whether logits are wanted, number of tokens, the first. */
    record Forward(List<Integer> tokens, int position, boolean wantsLogits) implements Order {
        @Override
        public void send(ControlChannel control, int group) {
            control.send(
                    new int[] {CODE_FORWARD, group, position, wantsLogits ? 1 : 0, tokens.size(), tokens.getFirst()});
            if (tokens.size() > 1) {
                control.send(tokens.stream().skip(1).mapToInt(Integer::intValue).toArray());
            }
        }
    }

    /** Compute logits of the last chunk. Its words: the first row, and how many. */
    record Output(int first, int rows) implements Order {
        @Override
        public void send(ControlChannel control, int group) {
            control.send(new int[] {CODE_OUTPUT, group, first, rows, 0, 0});
        }
    }

    /** An order that is all said with its code. */
    record Signal(int code) implements Order {
        @Override
        public void send(ControlChannel control, int group) {
            control.send(new int[] {code, group, 0, 0, 0, 0});
        }
    }

    /**
     * Sends this order from the root to all other ranks.
     *
     * @param control the root's
     * @param group number of the group that it is for
     */
    void send(ControlChannel control, int group);

    /** Waits for the root's next order. */
    static Addressed receive(ControlChannel control) {
        int[] words = control.receive(WORDS);
        Order order = switch (words[0]) {
            case CODE_FORWARD -> new Forward(tokens(control, words[4], words[5]), words[2], words[3] == 1);
            case 2 -> REPORT;
            case 3 -> END;
            case CODE_OUTPUT -> new Output(words[2], words[3]);
            default -> throw new IllegalStateException("order " + words[0] + " is not within 1 to 4");
        };
        return new Addressed(words[1], order);
    }

    private static List<Integer> tokens(ControlChannel control, int count, int first) {
        int[] rest = count > 1 ? control.receive(count - 1) : new int[0];
        return IntStream.concat(IntStream.of(first), Arrays.stream(rest))
                .boxed()
                .toList();
    }
}
