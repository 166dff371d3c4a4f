# Indices of careless answering as they are written in base R: runs, variability, distance.

levels <- matrix(bytes("levels"), integers("rows"))
answers <- matrix(doubles("points")[levels + 1], nrow(levels))
runs <- timed("longstring", apply(levels, 1, function(row) max(rle(row)$lengths)))
spread <- timed("irv", apply(answers, 1, sd))
distance <- timed("mahalanobis", mahalanobis(answers, colMeans(answers), cov(answers)))

tell(list(longstring = runs, irv = spread, mahalanobis = distance), "stats")
