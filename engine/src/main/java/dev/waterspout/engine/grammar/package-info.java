/**
 * What a text may consist of: grammars, JSON schemas that become grammars, and the tokens of a vocabulary that a text
 * may go on with. Knows nothing of models and threads.
 */
@NullMarked
package dev.waterspout.engine.grammar;

import org.jspecify.annotations.NullMarked;
