# The bootstrap of weighted means from counts: one multinomial draw per replicate and cell.

values <- doubles("values")
shares <- doubles("shares")
replicates <- integers("replicates")
cells <- matrix(integers("counts"), length(values))  # a column per unit and group
groups <- length(shares)

errors <- timed("bootstrap", {
  set.seed(1)
  sapply(seq_len(ncol(cells) / groups), function(unit) {
    means <- sapply(seq_len(groups), function(group) {
      counted <- cells[, (unit - 1) * groups + group]
      draws <- sum(counted) - 1
      values %*% rmultinom(replicates, draws, counted) / draws
    })
    sd(means %*% shares)
  })
})

tell(list(errors = errors), "stats")
