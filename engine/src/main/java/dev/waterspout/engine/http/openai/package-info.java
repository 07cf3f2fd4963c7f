/** What requests mean and how replies are written, as OpenAI's interface has it. */
@NullMarked
package dev.waterspout.engine.http.openai;

import org.jspecify.annotations.NullMarked;
