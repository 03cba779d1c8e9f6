"""Upper bounds on the negative log-likelihood of a text, with intervals. All values in nats.

With lambda = 1 - e^-sigma the noised share, both kinds of noise have the same bound,

    -log p(x) <= integral of d lambda / lambda E[ sum over positions i of l_i ],    l_i = (e^sigma - 1) SE_i,

SE being the denoising score entropy (Lou, Meng, Ermon, arXiv 2310.16834, theorem 3.6), and with exact scores it is
an equality for every x. Under absorbing noise with normalised scores l_i is the cross entropy of a masked token, the
integral runs from 0 to 1, and nothing is left over. Under uniform noise it ends at the schedule's largest sigma, and
the divergence of the noised data from the uniform prior is added. If it starts above 0 there is a reconstruction
term, too.

`estimators` draws points of this integral, `noised_text` asks the network, `running` turns draws into bounds that
tighten, `reveal_order` bounds the law of "subset" in N steps and tells how loose the bound of the model is,
`attribution` shares a bound out over tokens.
"""
