/** Models of LangChain4j over one language model that runs in the same process. */
@NullMarked
package dev.waterspout.langchain4j;

import org.jspecify.annotations.NullMarked;
