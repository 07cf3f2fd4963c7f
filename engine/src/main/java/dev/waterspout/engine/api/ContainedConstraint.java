package dev.waterspout.engine.api;

import dev.waterspout.engine.generate.GenerationException;
import dev.waterspout.engine.generate.TokenConstraint;
import dev.waterspout.engine.grammar.GrammarException;
import java.util.function.Supplier;

/**
 * A constraint whose failure ends its own reply and no other. Failures of a grammar, such as a limit that is exceeded
 * only by a certain text, and of this program become exceptions of one reply: what else a constraint throws would be
 * taken for the loss of the model.
 */
final class ContainedConstraint implements TokenConstraint {
    private final TokenConstraint constraint;

    private ContainedConstraint(TokenConstraint constraint) {
        this.constraint = constraint;
    }

    /**
     * Makes a constraint.
     *
     * @param factory factory of the constraint
     * @return {@link TokenConstraint#NONE} if the factory returns that, so that it is recognised
     * @throws GrammarException if the grammar exceeds a limit
     * @throws GenerationException if the factory fails otherwise
     */
    static TokenConstraint of(Supplier<TokenConstraint> factory) {
        TokenConstraint made = contain(factory);
        return made.equals(NONE) ? made : new ContainedConstraint(made);
    }

    @Override
    public void restrict(float[] logits) {
        var _ = contain(() -> {
            constraint.restrict(logits);
            return constraint;
        });
    }

    @Override
    public void accept(int token) {
        var _ = contain(() -> {
            constraint.accept(token);
            return constraint;
        });
    }

    private static <T> T contain(Supplier<T> step) {
        try {
            return step.get();
        } catch (GrammarException | GenerationException ofThisReply) {
            throw ofThisReply;
        } catch (RuntimeException | StackOverflowError fault) {
            throw new GenerationException("the grammar could not be followed, a fault of this program: " + fault);
        }
    }
}
