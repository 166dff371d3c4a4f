# Means with design-based errors: svydesign and svyby, as a survey's analyst writes them.

suppressMessages(library(survey))

points <- doubles("points")
unit <- integers("unit")
rows <- matrix(points[bytes("levels") + 1], length(unit))
questions <- paste0("q", seq_len(ncol(rows)))
ballots <- as.data.frame(rows)
names(ballots) <- questions
ballots$score <- rowMeans(rows)
ballots$unit <- unit
ballots$cell <- integers("cell")
ballots$weight <- doubles("weight")
rm(rows)

every <- as.formula(paste("~", paste(questions, collapse = " + ")))
design <- timed("design", svydesign(ids = ~1, strata = ~cell, weights = ~weight, data = ballots))
ten <- timed("questions", svyby(every, ~unit, design, svymean))
one <- timed("score", svyby(~score, ~unit, design, svymean))

tell(list(means = as.matrix(ten[, questions]), errors = as.matrix(SE(ten)),
          score_means = one$score, score_errors = SE(one)), "survey")
