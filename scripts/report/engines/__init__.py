"""The two engines that turn a Quarto document into PDF and HTML."""
