# Raking to margins: rake stops where R's own default says, and once more where the others stop.

suppressMessages(library(survey))

n <- length(bytes("v1"))
variables <- c("v1", "v2", "v3")
ballots <- as.data.frame(lapply(setNames(variables, variables), bytes))
ballots$base <- doubles("base")
margins <- lapply(variables, function(name) as.formula(paste("~", name)))
people <- lapply(variables, function(name) {
  told <- doubles(paste0("people_", name))
  setNames(data.frame(seq_along(told) - 1, told), c(name, "Freq"))
})
design <- svydesign(ids = ~1, weights = ~base, data = ballots)
invisible(timed("rake", rake(design, margins, people)))
near <- timed("rake closely", rake(design, margins, people,
                                   control = list(maxit = 1000, epsilon = 1e-10)))

tell(list(weights = weights(near)[seq_len(min(n, 1000))]), "survey")
