# What the other scripts share: columns from raw files, CPU seconds and figures to JSON.

folder <- commandArgs(TRUE)[1]
seconds <- list()

column <- function(name, what, size) {
  path <- file.path(folder, name)
  readBin(path, what, file.size(path) / size, size = size)
}
bytes <- function(name) column(name, "integer", 1)
integers <- function(name) column(name, "integer", 4)
doubles <- function(name) column(name, "double", 8)

# `work` is a promise: it is computed between the two looks at the clock.
timed <- function(step, work) {
  invisible(gc())
  begun <- proc.time()
  found <- work
  took <- proc.time() - begun
  seconds[[step]] <<- took[["user.self"]] + took[["sys.self"]]
  found
}

tell <- function(figures, packages) {
  object <- function(named) {
    paste0("{", paste0('"', names(named), '": ', unlist(named), collapse = ", "), "}")
  }
  list_of <- function(x) paste0("[", paste(sprintf("%.17g", as.numeric(x)), collapse = ", "), "]")
  versions <- sapply(packages, function(name) paste0('"', packageVersion(name), '"'))
  versions <- c(R = paste0('"', getRversion(), '"'), versions)
  cat(sprintf('{"seconds": %s, "figures": %s, "versions": %s}\n', object(seconds),
              if (length(figures)) object(lapply(figures, list_of)) else "{}", object(versions)))
}
