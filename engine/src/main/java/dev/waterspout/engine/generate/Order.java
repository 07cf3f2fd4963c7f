package dev.waterspout.engine.generate;

import dev.waterspout.interconnect.collective.ControlChannel;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What the process with rank 0 tells the others to do. On the wire: five words, and the tokens after the first one in a
 * frame of their own, so that a token of decode takes one message.
 */
sealed interface Order {
    /** Tell what you have done so far. */
    Order REPORT = new Signal(2);
    /** There is no more to do. */
    Order END = new Signal(3);

    /** Words of every order: what, position, whether logits are wanted, number of tokens, the first of them. */
    int WORDS = 5;

    int CODE_FORWARD = 1;

    /** Run tokens through all layers. */
    record Forward(List<Integer> tokens, int position, boolean wantsLogits) implements Order {
        @Override
        public void send(ControlChannel control) {
            control.send(new int[] {CODE_FORWARD, position, wantsLogits ? 1 : 0, tokens.size(), tokens.getFirst()});
            if (tokens.size() > 1) {
                control.send(tokens.stream().skip(1).mapToInt(Integer::intValue).toArray());
            }
        }
    }

    /** An order that is all said with its code. */
    record Signal(int code) implements Order {
        @Override
        public void send(ControlChannel control) {
            control.send(new int[] {code, 0, 0, 0, 0});
        }
    }

    /** Sends this order from the root to all other ranks. */
    void send(ControlChannel control);

    /** Waits for the root's next order. */
    static Order receive(ControlChannel control) {
        int[] words = control.receive(WORDS);
        return switch (words[0]) {
            case CODE_FORWARD -> new Forward(tokens(control, words[3], words[4]), words[1], words[2] == 1);
            case 2 -> REPORT;
            case 3 -> END;
            default -> throw new IllegalStateException("order " + words[0] + " is not 1, 2 or 3");
        };
    }

    private static List<Integer> tokens(ControlChannel control, int count, int first) {
        int[] rest = count > 1 ? control.receive(count - 1) : new int[0];
        return IntStream.concat(IntStream.of(first), Arrays.stream(rest))
                .boxed()
                .toList();
    }
}
