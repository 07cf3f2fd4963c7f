package dev.waterspout.engine.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A context-free grammar over bytes, as a machine: places, and steps between them that take a byte of a range, or
 * nothing, or what another rule says. No rule begins with itself. Immutable.
 */
public final class Grammar {
    /** Places of all rules together. */
    static final int MOST_PLACES = 200_000;

    /** The rule that the whole text is. */
    public static final String ROOT = "root";

    /** A step that takes one byte. */
    record Take(int first, int last, int to) {}

    /** A step over what a rule says. */
    record Call(int rule, int to) {}

    /** What leads on from a place. */
    private static final class Place {
        private final List<Take> takes = new ArrayList<>();
        private final List<Integer> skips = new ArrayList<>();
        private final List<Call> calls = new ArrayList<>();
    }

    private final List<Place> places = new ArrayList<>();
    private final int root;
    private final int[] begins;
    private final int[] ends;
    private final boolean[] leadsToEnd;

    private Grammar(Map<String, Node> rules) {
        Map<String, Integer> numbers = new HashMap<>();
        rules.keySet().forEach(name -> numbers.put(name, numbers.size()));
        begins = new int[rules.size()];
        ends = new int[rules.size()];
        rules.forEach((name, node) -> {
            int rule = number(numbers, name);
            begins[rule] = place();
            ends[rule] = place();
            add(node, begins[rule], ends[rule], numbers);
        });
        root = number(numbers, ROOT);
        refuseLeftRecursion(List.copyOf(rules.keySet()));
        leadsToEnd = leadsToEnd();
    }

    /**
     * Compiles rules.
     *
     * @param rules rules by name; {@value #ROOT} describes the whole text
     * @throws GrammarException if a rule is missing, begins with itself, or there is too much of them
     */
    public static Grammar of(Map<String, Node> rules) {
        return new Grammar(new LinkedHashMap<>(rules));
    }

    private static int number(Map<String, Integer> numbers, String rule) {
        Integer number = numbers.get(rule);
        if (number == null) {
            throw new GrammarException(
                    "the grammar has no rule " + rule + (rule.equals(ROOT) ? "" : ", which another one names"));
        }
        return number;
    }

    private int place() {
        if (places.size() == MOST_PLACES) {
            throw new GrammarException("the grammar has more than " + MOST_PLACES
                    + " places; repetitions of long parts, such as {0,1000}, take the most");
        }
        places.add(new Place());
        return places.size() - 1;
    }

    private void add(Node node, int from, int to, Map<String, Integer> numbers) {
        switch (node) {
            case Node.Bytes(List<Byte> bytes) -> {
                int at = from;
                for (byte each : bytes) {
                    int next = place();
                    places.get(at).takes.add(new Take(each & 0xff, each & 0xff, next));
                    at = next;
                }
                places.get(at).skips.add(to);
            }
            case Node.Characters(CharacterSet set) -> set.utf8().forEach(sequence -> addBytes(sequence, from, to));
            case Node.Sequence(List<Node> parts) -> {
                int at = from;
                for (Node part : parts) {
                    int next = place();
                    add(part, at, next, numbers);
                    at = next;
                }
                places.get(at).skips.add(to);
            }
            case Node.Choice(List<Node> parts) -> parts.forEach(part -> add(part, from, to, numbers));
            case Node.Repeat repeat -> addRepeat(repeat, from, to, numbers);
            case Node.Reference(String rule) -> {
                places.get(from).calls.add(new Call(number(numbers, rule), to));
            }
        }
    }

    private void addBytes(int[] sequence, int from, int to) {
        int at = from;
        for (int i = 0; i < sequence.length; i += 2) {
            int next = i + 2 == sequence.length ? to : place();
            places.get(at).takes.add(new Take(sequence[i], sequence[i + 1], next));
            at = next;
        }
    }

    private void addRepeat(Node.Repeat repeat, int from, int to, Map<String, Integer> numbers) {
        int at = place();
        places.get(from).skips.add(at);
        for (int i = 0; i < repeat.least(); i++) {
            int next = place();
            add(repeat.part(), at, next, numbers);
            at = next;
        }
        if (repeat.most() < 0) {
            int back = place();
            add(repeat.part(), at, back, numbers);
            places.get(back).skips.add(at);
        }
        for (int i = repeat.least(); i < repeat.most(); i++) {
            int next = place();
            add(repeat.part(), at, next, numbers);
            places.get(at).skips.add(to);
            at = next;
        }
        places.get(at).skips.add(to);
    }

    /** Returns which rules say the empty text, too. */
    private boolean[] empties() {
        boolean[] empties = new boolean[begins.length];
        boolean grown = true;
        while (grown) {
            grown = false;
            for (int rule = 0; rule < begins.length; rule++) {
                if (!empties[rule] && reach(begins[rule], empties)[ends[rule]]) {
                    empties[rule] = true;
                    grown = true;
                }
            }
        }
        return empties;
    }

    /** Returns the places that are reached without a byte, where some rules are known to say the empty text. */
    private boolean[] reach(int from, boolean[] empties) {
        boolean[] reached = new boolean[places.size()];
        List<Integer> open = new ArrayList<>(List.of(from));
        while (!open.isEmpty()) {
            int at = open.removeLast();
            if (!reached[at]) {
                reached[at] = true;
                open.addAll(places.get(at).skips);
                places.get(at).calls.stream()
                        .filter(call -> empties[call.rule()])
                        .forEach(call -> open.add(call.to()));
            }
        }
        return reached;
    }

    private void refuseLeftRecursion(List<String> names) {
        boolean[] empties = empties();
        int[] state = new int[begins.length];
        for (int rule = 0; rule < begins.length; rule++) {
            visit(rule, empties, state, names);
        }
    }

    /** Follows the rules that a rule can begin with; one that is met inside itself is refused. */
    private void visit(int rule, boolean[] empties, int[] state, List<String> names) {
        if (state[rule] == 1) {
            throw new GrammarException("rule " + names.get(rule) + " begins with itself; a rule may end with itself");
        }
        if (state[rule] == 2) {
            return;
        }
        state[rule] = 1;
        boolean[] reached = reach(begins[rule], empties);
        for (int at = 0; at < reached.length; at++) {
            if (reached[at]) {
                for (Call call : places.get(at).calls) {
                    visit(call.rule(), empties, state, names);
                }
            }
        }
        state[rule] = 2;
    }

    /** Returns the places from which only the end of their rule is reached, without a byte. */
    private boolean[] leadsToEnd() {
        boolean[] leads = new boolean[places.size()];
        Arrays.stream(ends).forEach(end -> leads[end] = true);
        boolean grown = true;
        while (grown) {
            grown = false;
            for (int at = 0; at < leads.length; at++) {
                Place place = places.get(at);
                if (!leads[at]
                        && place.takes.isEmpty()
                        && place.calls.isEmpty()
                        && place.skips.size() == 1
                        && leads[place.skips.getFirst()]) {
                    leads[at] = true;
                    grown = true;
                }
            }
        }
        return leads;
    }

    int root() {
        return begins[root];
    }

    int begin(int rule) {
        return begins[rule];
    }

    /** Returns whether a place is the end of a rule. */
    boolean isEnd(int place) {
        return leadsToEnd[place];
    }

    List<Take> takes(int place) {
        return places.get(place).takes;
    }

    List<Integer> skips(int place) {
        return places.get(place).skips;
    }

    List<Call> calls(int place) {
        return places.get(place).calls;
    }
}
