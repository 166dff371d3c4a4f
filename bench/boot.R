# The bootstrap of means from ballots: boot::boot, of a few units, counted up to all.

library(boot)

values <- doubles("values")
replicates <- integers("replicates")
cells <- matrix(integers("counts"), length(values))
groups <- length(doubles("shares"))
units <- ncol(cells) / groups
some <- seq(1, units, by = max(1, units %/% 5))

set.seed(1)
invisible(timed("bootstrap", for (unit in some) for (group in seq_len(groups)) {
  ballots <- rep(values, cells[, (unit - 1) * groups + group])
  boot(ballots, function(given, chosen) mean(given[chosen]), R = replicates)
}))
seconds$bootstrap <- seconds$bootstrap * units / length(some)

tell(list(), "boot")
