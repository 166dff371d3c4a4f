# Crossed effects of appraisers and units: lmer without its check of derivatives.

suppressMessages(library(lme4))

ratings <- data.frame(y = doubles("value"), appraiser = integers("appraiser"),
                      unit = integers("unit"))
fitted <- timed("lmer", lmer(y ~ 1 + (1 | appraiser) + (1 | unit), ratings,
                             control = lmerControl(calc.derivs = FALSE)))
variances <- as.data.frame(VarCorr(fitted))
of <- function(group) variances$vcov[variances$grp == group]

tell(list(variances = c(of("unit"), of("appraiser"), of("Residual"))), "lme4")
