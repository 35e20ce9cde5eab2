/** An instrument before it is known: head and chart in grey, in their final places. */

import { Bone } from "../../parts/states";

export function InstrumentBones() {
  return (
    <>
      <div class="head" aria-busy="true">
        <div class="head__title">
          <Bone widthPx={160} />
        </div>
        <div class="head__quote">
          <Bone widthPx={220} />
        </div>
      </div>
      <div class="candles">
        <div class="candles__bar" />
        <div class="candles__box">
          <div class="candles__bones" />
        </div>
      </div>
    </>
  );
}
