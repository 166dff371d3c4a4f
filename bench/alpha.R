# Cronbach's alpha of items: psych::alpha on all rows.

suppressMessages(library(psych))

answers <- as.data.frame(matrix(doubles("points")[bytes("levels") + 1], integers("rows")))
found <- timed("alpha", suppressWarnings(alpha(answers)))

tell(list(alpha = c(found$total$raw_alpha, found$total$std.alpha)), "psych")
