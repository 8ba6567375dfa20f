"""What training minimises, one small object each: over pairs, over softmaxes, over learnt proxies."""
